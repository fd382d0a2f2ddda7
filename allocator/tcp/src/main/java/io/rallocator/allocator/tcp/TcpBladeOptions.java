package io.rallocator.allocator.tcp;

import java.net.InetSocketAddress;

/** Where a blade listens, and whom it lets in. */
public final class TcpBladeOptions {
    private static final int DEFAULT_LEASE_MS = 10_000;

    private final InetSocketAddress address;
    private Token writers;
    private Token readers;
    private Tls tls;
    private boolean unauthenticated;
    private int leaseMs = DEFAULT_LEASE_MS;

    /**
     * Options that let in any process of this host.
     *
     * @param address such as {@code //127.0.0.1:7700}; port 0 for any that is free
     */
    public TcpBladeOptions(final String address) {
        final InetSocketAddress parsed = TcpFabricProvider.parse(address);
        this.address = new InetSocketAddress(parsed.getHostString(), parsed.getPort());
    }

    /**
     * Lets in only who has a token.
     *
     * @param readWrite for workers that write, and those that read; null for none
     * @param readOnly for workers that only read; null for none
     * @return this
     */
    public TcpBladeOptions tokens(final Token readWrite, final Token readOnly) {
        writers = readWrite;
        readers = readOnly;
        return this;
    }

    /**
     * Lets in only who has a certificate; everything is encrypted.
     *
     * @param certificates of this blade
     * @return this
     */
    public TcpBladeOptions tls(final Tls certificates) {
        tls = certificates;
        return this;
    }

    /**
     * Lets in anybody, also on an address that other hosts reach.
     *
     * @return this
     */
    public TcpBladeOptions allowUnauthenticated() {
        unauthenticated = true;
        return this;
    }

    /**
     * Sets how long nothing may be heard of a worker before its session is declared dead. A worker is heard every millisecond.
     *
     * @param milliseconds 10,000 unless set
     * @return this
     */
    public TcpBladeOptions leaseMs(final int milliseconds) {
        if (milliseconds <= 0) {
            throw new IllegalArgumentException("the lease is " + milliseconds + " ms; it must be more than 0");
        }
        leaseMs = milliseconds;
        return this;
    }

    InetSocketAddress address() {
        return address;
    }

    Tls tls() {
        return tls;
    }

    int leaseMs() {
        return leaseMs;
    }

    boolean needsToken() {
        return writers != null || readers != null;
    }

    /**
     * Verifies that other hosts are let in only by a secret, or if that is what was asked for. {@link TcpBlade#listen} does so too.
     *
     * @throws IllegalArgumentException if anybody could come in, or there is no such host
     */
    public void requireSafe() {
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("there is no host " + address.getHostString());
        }
        if (!address.getAddress().isLoopbackAddress() && tls == null && !needsToken() && !unauthenticated) {
            throw new IllegalArgumentException("anybody who reaches " + address.getHostString()
                    + " could change the pool: give a token or certificates, listen on 127.0.0.1, or say"
                    + " --allow-unauthenticated");
        }
    }

    /**
     * Verifies that a worker may have the role that it asks for.
     *
     * @return the token that it has; null if none is needed
     */
    Token admit(final Role asked, final byte[] proof, final byte[] workerNonce, final byte[] bladeNonce)
            throws RefusedException {
        if (!needsToken()) {
            return null;
        }
        if (isProof(writers, asked, proof, workerNonce, bladeNonce)) {
            return writers;
        }
        if (asked == Role.READ_ONLY && isProof(readers, asked, proof, workerNonce, bladeNonce)) {
            return readers;
        }
        throw RefusedException.forbidden("the token is wrong, or is not one for the role " + asked);
    }

    private static boolean isProof(
            final Token token,
            final Role asked,
            final byte[] proof,
            final byte[] workerNonce,
            final byte[] bladeNonce) {
        return token != null && Token.isSame(proof, token.proofOfWorker(workerNonce, bladeNonce, asked));
    }
}
