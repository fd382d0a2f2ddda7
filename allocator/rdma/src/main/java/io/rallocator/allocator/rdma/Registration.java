package io.rallocator.allocator.rdma;

import io.rallocator.persistence.PoolUnavailableException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A pool's mapping, registered with a device segment by segment. */
final class Registration implements AutoCloseable {
    private final Transport.Domain domain;
    private final List<MemoryKey> keys = new ArrayList<>();
    private final RemoteMemory memory;

    /**
     * Registers a mapping.
     *
     * @param pool for messages
     * @param address of the mapping
     * @param capacity bytes
     * @param segmentBytes a power of 2, at most {@link MemoryKey#MAX_BYTES}
     * @throws PoolUnavailableException if it cannot be registered, saying what is in the way
     */
    Registration(
            final Transport.Domain domain,
            final Path pool,
            final long address,
            final long capacity,
            final int segmentBytes) {
        this.domain = domain;
        try {
            for (long from = 0; from < capacity; from += segmentBytes) {
                final int length = (int) Math.min(segmentBytes, capacity - from);
                keys.add(domain.register(address + from, length, MemoryKey.REMOTE));
            }
        } catch (final IOException e) {
            close();
            throw new PoolUnavailableException(explain(pool, capacity, e), e);
        }
        memory = new RemoteMemory(
                address,
                capacity,
                segmentBytes,
                keys.stream().mapToInt(MemoryKey::rkey).toArray());
    }

    /** The kernel's reason is all that there is to tell the causes apart. */
    static String explain(final Path pool, final long capacity, final IOException cause) {
        final String reason = String.valueOf(cause.getMessage()).strip();
        final String lower = reason.toLowerCase(Locale.ROOT);
        final String advice;
        if (lower.contains("cannot allocate memory")) {
            advice = "the device pins all of it, so `ulimit -l` must allow " + (capacity >> 10)
                    + " KiB to be locked (or be unlimited)";
        } else if (lower.contains("bad address")
                || lower.contains("operation not supported")
                || lower.contains("invalid argument")) {
            advice =
                    "the kernel lets no device write to a file on this file system: put the pool on tmpfs (/dev/shm) or on"
                            + " a devdax device";
        } else {
            advice = "see dmesg";
        }
        return "cannot register " + pool + " (" + capacity + " bytes) with the RDMA device: " + reason + "; " + advice;
    }

    RemoteMemory memory() {
        return memory;
    }

    @Override
    public void close() {
        IOException failure = null;
        for (final MemoryKey key : keys) {
            try {
                domain.deregister(key);
            } catch (final IOException e) {
                failure = e;
            }
        }
        keys.clear();
        if (failure != null) {
            throw new IllegalStateException("cannot release a pool's registration", failure);
        }
    }
}
