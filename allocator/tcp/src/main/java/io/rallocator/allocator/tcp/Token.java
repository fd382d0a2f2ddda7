package io.rallocator.allocator.tcp;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A secret that blade and workers share. It never goes over the wire: each side proves that it has it by an HMAC-SHA256 over its name and
 * both nonces, so what was overheard is of no use in another connection. Without TLS the verbs themselves are neither
 * secret nor protected from whoever sits in between.
 */
public final class Token {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int MIN_CHARACTERS = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final SecretKeySpec key;

    private Token(final String secret) {
        key = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM);
    }

    /**
     * Makes a token.
     *
     * @param secret 16 characters at least
     * @return the token
     * @throws IllegalArgumentException if it is too short
     */
    public static Token of(final String secret) {
        if (secret.length() < MIN_CHARACTERS) {
            throw new IllegalArgumentException("the token has " + secret.length() + " characters, which is too easy to"
                    + " guess: take " + MIN_CHARACTERS + " at least");
        }
        return new Token(secret);
    }

    /**
     * Reads a token.
     *
     * @param file whose text, without blanks around it, is the token
     * @return the token
     * @throws IllegalArgumentException if the file cannot be read, or the token is too short
     */
    public static Token read(final Path file) {
        try {
            return of(Files.readString(file).strip());
        } catch (final IOException e) {
            throw new IllegalArgumentException("cannot read the token in " + file + ": " + e, e);
        }
    }

    static byte[] nonce() {
        final byte[] nonce = new byte[GreetingFrame.NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        return nonce;
    }

    byte[] proofOfWorker(final byte[] workerNonce, final byte[] bladeNonce, final Role asked) {
        return proof("worker " + asked, workerNonce, bladeNonce);
    }

    byte[] proofOfBlade(final byte[] workerNonce, final byte[] bladeNonce) {
        return proof("blade", workerNonce, bladeNonce);
    }

    private byte[] proof(final String side, final byte[] workerNonce, final byte[] bladeNonce) {
        try {
            final Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(side.getBytes(StandardCharsets.UTF_8));
            mac.update(workerNonce);
            mac.update(bladeNonce);
            return mac.doFinal();
        } catch (final GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no " + ALGORITHM, e);
        }
    }

    /** Takes as long whatever differs. */
    static boolean isSame(final byte[] proof, final byte[] other) {
        return MessageDigest.isEqual(proof, other);
    }
}
