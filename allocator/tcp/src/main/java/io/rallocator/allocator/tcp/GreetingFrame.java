package io.rallocator.allocator.tcp;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The frames by which a worker is admitted, in this order. A nonce is 32 random bytes, new for each connection; a proof is 32 bytes
 * too, see {@link Token}, zero where there is no token.
 *
 * <pre>
 *  HELLO      16 magic (8) | 24 version (4) | 28 role asked for (4) | 32 nonce of the worker (32)
 *  CHALLENGE  16 version (4) | 20 1 if a token is needed (4) | 24 nonce of the blade (32)
 *  PROOF      16 proof of the worker (32)
 *  WELCOME    16 proof of the blade (32) | 48 role (4) | 52 zero (4) | 56 superblock (4096)
 *  LOCK       16 session (4) | 20 zero (4)              answered by a REPLY that is OK or TAKEN
 *  UNLOCK     no more                                   answered by a REPLY that is OK
 * </pre>
 */
final class GreetingFrame {
    static final int NONCE_BYTES = 32;
    static final int SUPERBLOCK_BYTES = 4096;

    private static final int HELLO_MAGIC_OFFSET = 16;
    private static final int HELLO_VERSION_OFFSET = 24;
    private static final int HELLO_ROLE_OFFSET = 28;
    private static final int HELLO_NONCE_OFFSET = 32;
    private static final int HELLO_BYTES = 64;
    private static final int CHALLENGE_VERSION_OFFSET = 16;
    private static final int CHALLENGE_TOKEN_OFFSET = 20;
    private static final int CHALLENGE_NONCE_OFFSET = 24;
    private static final int CHALLENGE_BYTES = 56;
    private static final int PROOF_OFFSET = 16;
    private static final int PROOF_BYTES = 48;
    private static final int WELCOME_ROLE_OFFSET = 48;
    private static final int WELCOME_SUPERBLOCK_OFFSET = 56;
    private static final int LOCK_SESSION_OFFSET = 16;
    private static final int LOCK_BYTES = 24;

    static final int WELCOME_BYTES = WELCOME_SUPERBLOCK_OFFSET + SUPERBLOCK_BYTES;

    private GreetingFrame() {}

    /** True if the frame is of this type and exactly as long as those are. */
    static boolean isWhole(final DirectBuffer frame, final byte type) {
        final int bytes;
        switch (type) {
            case Frame.HELLO -> bytes = HELLO_BYTES;
            case Frame.CHALLENGE -> bytes = CHALLENGE_BYTES;
            case Frame.PROOF -> bytes = PROOF_BYTES;
            case Frame.WELCOME -> bytes = WELCOME_BYTES;
            case Frame.LOCK -> bytes = LOCK_BYTES;
            default -> bytes = Frame.HEADER_BYTES;
        }
        return Frame.type(frame, 0) == type && Frame.length(frame, 0) == bytes;
    }

    static int hello(final MutableDirectBuffer frame, final Role role, final byte[] nonce) {
        Frame.putHeader(frame, HELLO_BYTES, Frame.HELLO, Frame.OK, 0, 0);
        frame.putLong(HELLO_MAGIC_OFFSET, Frame.MAGIC);
        frame.putInt(HELLO_VERSION_OFFSET, Frame.VERSION);
        frame.putInt(HELLO_ROLE_OFFSET, role.code());
        frame.putBytes(HELLO_NONCE_OFFSET, nonce);
        return HELLO_BYTES;
    }

    static boolean hasMagic(final DirectBuffer hello) {
        return hello.getLong(HELLO_MAGIC_OFFSET) == Frame.MAGIC;
    }

    static int version(final DirectBuffer helloOrChallenge) {
        return helloOrChallenge.getInt(
                Frame.type(helloOrChallenge, 0) == Frame.HELLO ? HELLO_VERSION_OFFSET : CHALLENGE_VERSION_OFFSET);
    }

    static byte[] nonce(final DirectBuffer helloOrChallenge) {
        return bytes(
                helloOrChallenge,
                Frame.type(helloOrChallenge, 0) == Frame.HELLO ? HELLO_NONCE_OFFSET : CHALLENGE_NONCE_OFFSET);
    }

    /** The role that is asked for, or was given; null if there is no such role. */
    static Role role(final DirectBuffer helloOrWelcome) {
        return Role.of(helloOrWelcome.getInt(
                Frame.type(helloOrWelcome, 0) == Frame.HELLO ? HELLO_ROLE_OFFSET : WELCOME_ROLE_OFFSET));
    }

    static int challenge(final MutableDirectBuffer frame, final boolean needsToken, final byte[] nonce) {
        Frame.putHeader(frame, CHALLENGE_BYTES, Frame.CHALLENGE, Frame.OK, 0, 0);
        frame.putInt(CHALLENGE_VERSION_OFFSET, Frame.VERSION);
        frame.putInt(CHALLENGE_TOKEN_OFFSET, needsToken ? 1 : 0);
        frame.putBytes(CHALLENGE_NONCE_OFFSET, nonce);
        return CHALLENGE_BYTES;
    }

    static boolean needsToken(final DirectBuffer challenge) {
        return challenge.getInt(CHALLENGE_TOKEN_OFFSET) != 0;
    }

    static int proof(final MutableDirectBuffer frame, final byte[] proof) {
        Frame.putHeader(frame, PROOF_BYTES, Frame.PROOF, Frame.OK, 0, 0);
        frame.putBytes(PROOF_OFFSET, proof);
        return PROOF_BYTES;
    }

    static byte[] proof(final DirectBuffer proofOrWelcome) {
        return bytes(proofOrWelcome, PROOF_OFFSET);
    }

    static int welcome(
            final MutableDirectBuffer frame, final byte[] proof, final Role role, final DirectBuffer superblock) {
        Frame.putHeader(frame, WELCOME_BYTES, Frame.WELCOME, Frame.OK, 0, 0);
        frame.putBytes(PROOF_OFFSET, proof);
        frame.putLong(WELCOME_ROLE_OFFSET, role.code());
        frame.putBytes(WELCOME_SUPERBLOCK_OFFSET, superblock, 0, SUPERBLOCK_BYTES);
        return WELCOME_BYTES;
    }

    static void superblock(final DirectBuffer welcome, final MutableDirectBuffer target) {
        target.putBytes(0, welcome, WELCOME_SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
    }

    static int lock(final MutableDirectBuffer frame, final int session) {
        Frame.putHeader(frame, LOCK_BYTES, Frame.LOCK, Frame.OK, 0, 0);
        frame.putLong(LOCK_SESSION_OFFSET, session);
        return LOCK_BYTES;
    }

    static int session(final DirectBuffer lock) {
        return lock.getInt(LOCK_SESSION_OFFSET);
    }

    static int unlock(final MutableDirectBuffer frame) {
        Frame.putHeader(frame, Frame.HEADER_BYTES, Frame.UNLOCK, Frame.OK, 0, 0);
        return Frame.HEADER_BYTES;
    }

    private static byte[] bytes(final DirectBuffer frame, final int offset) {
        final byte[] bytes = new byte[NONCE_BYTES];
        frame.getBytes(offset, bytes);
        return bytes;
    }
}
