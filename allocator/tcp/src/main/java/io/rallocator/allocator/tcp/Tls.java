package io.rallocator.allocator.tcp;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/**
 * Certificates of one side, as PEM files. Both sides prove who they are: whoever has a certificate that {@code trust} signed is let in.
 *
 * <p>Threads: immutable.
 */
public final class Tls {
    private final Path certificate;
    private final Path key;
    private final Path trust;

    /**
     * Names the files; they are read when the connection or the server is made.
     *
     * @param certificate of this side, with what leads to {@code trust} behind it
     * @param key of this side, PKCS#8 without a password
     * @param trust certificates that sign the other side's
     * @throws IllegalArgumentException if one of the files cannot be read
     */
    public Tls(final Path certificate, final Path key, final Path trust) {
        for (final Path file : new Path[] {certificate, key, trust}) {
            if (!Files.isReadable(file)) {
                throw new IllegalArgumentException("cannot read " + file + ", which TLS needs");
            }
        }
        this.certificate = certificate;
        this.key = key;
        this.trust = trust;
    }

    SSLContext ofWorker() {
        try {
            final SslContext context = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .keyManager(certificate.toFile(), key.toFile())
                    .trustManager(trust.toFile())
                    .build();
            return ((JdkSslContext) context).context();
        } catch (final SSLException | IllegalArgumentException e) {
            throw wrong(e);
        }
    }

    SslContext ofBlade() {
        try {
            return SslContextBuilder.forServer(certificate.toFile(), key.toFile())
                    .sslProvider(SslProvider.JDK)
                    .trustManager(trust.toFile())
                    .clientAuth(ClientAuth.REQUIRE)
                    .build();
        } catch (final SSLException | IllegalArgumentException e) {
            throw wrong(e);
        }
    }

    private IllegalArgumentException wrong(final Exception cause) {
        return new IllegalArgumentException(
                "cannot use " + certificate + ", " + key + " and " + trust + " for TLS: " + cause
                        + "; they must be PEM, the key PKCS#8 without a password",
                cause);
    }
}
