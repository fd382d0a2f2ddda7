package io.rallocator.benchmarks;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.OutOfRemoteMemoryException;

/** A way of giving blocks of one blade's memory to its workers: the product's, and those that it is compared with. */
interface AllocationPolicy extends AutoCloseable {
    /** One worker. Threads: one at a time. */
    interface Worker extends AutoCloseable {
        /** A round begins: what is allocated in it is freed in it. */
        void begin();

        /** Allocates a block of at least so many bytes; what is returned names it for {@link #free}. */
        long allocate(int bytes);

        void free(long block);

        /**
         * The round ends before its time: all that was allocated in it is freed. Waits until another has a chance.
         *
         * @throws OutOfRemoteMemoryException if none has
         */
        default void abandon(final OutOfRemoteMemoryException exhausted, final int attempt) {
            throw exhausted;
        }

        /** The round is over. */
        void end();

        /** What the worker's chains cost so far. */
        long count(Figure figure);

        @Override
        void close();
    }

    /** Makes another worker. */
    Worker worker(int number);

    /** Nanoseconds of the blade's processor that requests of workers took so far, if any are made. */
    default long servedCpuNs() {
        return 0;
    }

    /** False if a worker waits for the blade's processor, so that its own processor time is mostly waiting. */
    default boolean workersCompute() {
        return true;
    }

    @Override
    void close();
}
