package io.rallocator.allocator.rdma;

import java.io.IOException;
import java.net.InetSocketAddress;

/** The port to RDMA devices: connections and registered memory. {@link DisniTransport} is the one that users have. */
interface Transport {
    /** Something that may register memory. */
    interface Domain {
        /**
         * Makes memory reachable for the device.
         *
         * @param address of the first byte
         * @param length bytes, at most {@link MemoryKey#MAX_BYTES}
         * @param access {@link MemoryKey#LOCAL} or {@link MemoryKey#REMOTE}
         * @throws IOException if the kernel or the device refuses
         */
        MemoryKey register(long address, int length, int access) throws IOException;

        /** Takes the memory back; requests that name it fail from then on. */
        void deregister(MemoryKey key) throws IOException;
    }

    /** The device behind an address of this host. */
    interface Device extends Domain, AutoCloseable {
        /** Waits for connections. */
        Listener listen() throws IOException;

        /** Releases the device, after everything that was made with it. */
        @Override
        void close();
    }

    /** A port of a device. */
    interface Listener extends AutoCloseable {
        /** Where it listens. */
        int port();

        /**
         * Waits for the next connection.
         *
         * @throws IOException if none is made within the time
         */
        Endpoint accept(int timeoutMs) throws IOException;

        @Override
        void close();
    }

    /** One end of a reliable connection: a queue pair and its completion queue. One thread at a time. */
    interface Endpoint extends Domain, AutoCloseable {
        /** Requests that may be posted and not completed. */
        int MAX_REQUESTS = 128;

        /** Posts a list of {@link WorkRequest}s: one doorbell. */
        void post(long address) throws IOException;

        /**
         * Takes completions, and waits for none.
         *
         * @param address gets them: see {@link WorkCompletion}
         * @param room for how many
         * @return how many there were
         */
        int poll(long address, int room) throws IOException;

        /** Breaks the connection: when this returns, no request of the other side is executed any more. Idempotent. */
        @Override
        void close();
    }

    /**
     * Finds the device of an address of this host.
     *
     * @throws IOException if there is none
     */
    Device open(String host) throws IOException;

    /**
     * Connects.
     *
     * @throws IOException if nobody listens there, or not within the time
     */
    Endpoint connect(InetSocketAddress address, int timeoutMs) throws IOException;
}
