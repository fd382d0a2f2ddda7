package io.rallocator.examples.kv;

import io.rallocator.collections.RemoteHeap;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;

/** How a {@link KvServer} is to run. Immutable; see {@link #builder} for the defaults. */
public final class KvOptions {

    private final Builder values;

    private KvOptions(Builder values) {
        this.values = values;
    }

    /**
     * Starts with the defaults: 127.0.0.1:6379, as many I/O threads as processors, values up to 8 MiB, requests up to
     * 64 MiB and 65,536 words, 10,000 connections, the system's clock, and a sweep for expired keys that takes at most
     * 5 % of one core.
     *
     * @return a builder that lacks only {@link Builder#heap} or {@link Builder#pool}
     */
    public static Builder builder() {
        return new Builder();
    }

    RemoteHeap heap() {
        return values.heap;
    }

    String pool() {
        return values.pool;
    }

    String host() {
        return values.host;
    }

    int port() {
        return values.port;
    }

    int ioThreads() {
        return values.ioThreads;
    }

    int maxConnections() {
        return values.maxConnections;
    }

    int maxValueBytes() {
        return values.maxValueBytes;
    }

    long maxRequestBytes() {
        return values.maxRequestBytes;
    }

    int maxWords() {
        return values.maxWords;
    }

    InstantSource clock() {
        return values.clock;
    }

    Duration sweepInterval() {
        return values.sweepInterval;
    }

    Duration sweepBudget() {
        return values.sweepBudget;
    }

    /** Collects options. Not thread-safe. */
    public static final class Builder implements Cloneable {

        private RemoteHeap heap;
        private String pool = "";
        private String host = "127.0.0.1";
        private int port = 6379;
        private int ioThreads = Runtime.getRuntime().availableProcessors();
        private int maxConnections = 10_000;
        private int maxValueBytes = 8 << 20;
        private long maxRequestBytes = 64L << 20;
        private int maxWords = 1 << 16;
        private InstantSource clock = InstantSource.system();
        private Duration sweepInterval = Duration.ofMillis(100);
        private Duration sweepBudget = Duration.ofMillis(5);

        private Builder() {}

        /**
         * Serves this heap, which stays the caller's to close, after the server.
         *
         * @param heap the heap with the map and the queues
         * @return this
         */
        public Builder heap(RemoteHeap heap) {
            this.heap = Objects.requireNonNull(heap, "heap");
            return this;
        }

        /**
         * Opens the heap at this address and closes it with the server; without effect if {@link #heap} was called,
         * other than that INFO shows it.
         *
         * @param uri as for {@link RemoteHeap#open}
         * @return this
         */
        public Builder pool(String uri) {
            this.pool = Objects.requireNonNull(uri, "uri");
            return this;
        }

        /**
         * Listens there. There is no password: an address other than loopback lets everybody in who can reach it.
         *
         * @param host a name or an address of this machine
         * @param port 0 for any free one, see {@link KvServer#port}
         * @return this
         */
        public Builder bind(String host, int port) {
            this.host = Objects.requireNonNull(host, "host");
            this.port = inRange("port", port, 0, 65_535);
            return this;
        }

        /**
         * Serves the connections with that many event loops.
         *
         * @param threads at least 1
         * @return this
         */
        public Builder ioThreads(int threads) {
            this.ioThreads = inRange("ioThreads", threads, 1, 1024);
            return this;
        }

        /**
         * Turns connections away beyond that many.
         *
         * @param connections at least 1
         * @return this
         */
        public Builder maxConnections(int connections) {
            this.maxConnections = inRange("maxConnections", connections, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Refuses values, and keys, longer than this. The pool may have a lower limit, which is refused likewise.
         *
         * @param bytes 1 to 512 MiB
         * @return this
         */
        public Builder maxValueBytes(int bytes) {
            this.maxValueBytes = inRange("maxValueBytes", bytes, 1, 512 << 20);
            return this;
        }

        /**
         * Refuses requests that are longer or have more words than this; they are never held in memory whole.
         *
         * @param bytes all words together, at least 1
         * @param words the command's name included, 1 to 1,048,576
         * @return this
         */
        public Builder maxRequest(long bytes, int words) {
            if (bytes < 1) {
                throw new IllegalArgumentException("a request of " + bytes + " bytes is none; give at least 1");
            }
            this.maxRequestBytes = bytes;
            this.maxWords = inRange("maxWords", words, 1, 1 << 20);
            return this;
        }

        /**
         * Takes the time from there when it comes to expiry.
         *
         * @param source the clock
         * @return this
         */
        public Builder clock(InstantSource source) {
            this.clock = Objects.requireNonNull(source, "source");
            return this;
        }

        /**
         * Looks for expired keys that often and that long at a time.
         *
         * @param interval between two ticks
         * @param budget of one tick
         * @return this
         */
        public Builder sweep(Duration interval, Duration budget) {
            if (interval.isNegative() || interval.isZero() || budget.isNegative()) {
                throw new IllegalArgumentException("a sweep every " + interval + " for " + budget
                        + " is not possible; give a positive interval and a budget that is not negative");
            }
            this.sweepInterval = interval;
            this.sweepBudget = budget;
            return this;
        }

        /**
         * Ends the collecting.
         *
         * @return the options
         * @throws IllegalStateException if there is neither a heap nor a pool
         */
        public KvOptions build() {
            if (heap == null && pool.isEmpty()) {
                throw new IllegalStateException("no memory to serve: call heap(...) or pool(...) first");
            }
            return new KvOptions(copy());
        }

        private Builder copy() {
            try {
                return (Builder) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }

        private static int inRange(String name, int value, int min, int max) {
            if (value < min || value > max) {
                throw new IllegalArgumentException(name + " is " + value + ", must be " + min + " to " + max);
            }
            return value;
        }
    }
}
