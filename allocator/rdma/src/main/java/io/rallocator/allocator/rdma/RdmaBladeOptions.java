package io.rallocator.allocator.rdma;

import java.net.InetSocketAddress;

/** Where a blade listens for workers that come by RDMA. Not thread-safe; used before the blade is opened. */
public final class RdmaBladeOptions {
    private static final int DEFAULT_LEASE_MS = 10_000;

    private final InetSocketAddress address;
    private int leaseMs = DEFAULT_LEASE_MS;
    private int segmentBytes = MemoryKey.MAX_BYTES;
    private boolean unauthenticated;

    /**
     * Options for an address.
     *
     * @param address {@code //HOST:PORT}: an IPv4 address that an RDMA device of this host has, and a port, 0 for any that is free
     * @throws IllegalArgumentException if it is none
     */
    public RdmaBladeOptions(final String address) {
        this.address = RdmaFabricProvider.parse(address);
    }

    /**
     * Sets after how long a silence a worker is taken for dead.
     *
     * @param leaseMs milliseconds, more than 0
     * @return this
     */
    public RdmaBladeOptions leaseMs(final int leaseMs) {
        if (leaseMs <= 0) {
            throw new IllegalArgumentException("the lease is " + leaseMs + " ms; it must be more than 0");
        }
        this.leaseMs = leaseMs;
        return this;
    }

    /**
     * Says that the network lets only those in who may change every byte of the pool. A device checks a key of 32 bits and nothing
     * else, so this must be said.
     *
     * @return this
     */
    public RdmaBladeOptions allowUnauthenticated() {
        unauthenticated = true;
        return this;
    }

    /** Registers smaller segments. */
    RdmaBladeOptions segmentBytes(final int bytes) {
        segmentBytes = bytes;
        return this;
    }

    /**
     * Makes sure that nobody is let in without a word.
     *
     * @throws IllegalArgumentException unless {@link #allowUnauthenticated()} was called
     */
    public void requireSafe() {
        if (!unauthenticated) {
            throw new IllegalArgumentException("RDMA knows neither tokens nor certificates: whoever reaches " + host()
                    + " may change the pool; say that you want that (--allow-unauthenticated)");
        }
    }

    String host() {
        return address.getHostString();
    }

    int port() {
        return address.getPort();
    }

    int leaseMs() {
        return leaseMs;
    }

    int segmentBytes() {
        return segmentBytes;
    }
}
