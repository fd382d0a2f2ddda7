package io.rallocator.allocator.rdma;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Requests that are posted with one doorbell and complete with one completion, and the registered memory through which their
 * bytes go. Reused; a post allocates nothing.
 *
 * <p>Order: a device executes the requests of a connection one after the other, but repeats a READ whose answer was lost
 * after later requests were executed. So a WRITE or an atomic after a READ, and a WRITE after an atomic, wait for those before
 * them (a fence), which costs a wire round trip. Atomics and WRITEs need none before an atomic or a READ.
 *
 * <p>Threads: one at a time.
 */
final class Batch implements AutoCloseable {
    private static final int STAGING_BYTES = 1 << 20;
    private static final int SPINS = 1 << 10;

    private final Transport.Endpoint endpoint;
    private final RemoteMemory memory;
    private final BooleanSupplier isLost;
    private final UnsafeBuffer requests =
            new UnsafeBuffer(ByteBuffer.allocateDirect(Transport.Endpoint.MAX_REQUESTS * WorkRequest.STRIDE));
    private final UnsafeBuffer staging = new UnsafeBuffer(ByteBuffer.allocateDirect(STAGING_BYTES));
    private final UnsafeBuffer completion = new UnsafeBuffer(ByteBuffer.allocateDirect(WorkCompletion.BYTES));
    private final MutableDirectBuffer[] targets = new MutableDirectBuffer[Transport.Endpoint.MAX_REQUESTS];
    private final int[] indexes = new int[Transport.Endpoint.MAX_REQUESTS];
    private final int[] positions = new int[Transport.Endpoint.MAX_REQUESTS];
    private final int[] lengths = new int[Transport.Endpoint.MAX_REQUESTS];
    private final MemoryKey key;
    private int count;
    private int staged;
    private boolean hasRead;
    private boolean hasAtomic;
    private int roundTrips;

    /**
     * Makes a batch, and registers its memory.
     *
     * @param endpoint closed with this
     * @param memory the pool
     * @param isLost true once nobody answers any more; looked at while a completion is waited for
     */
    Batch(final Transport.Endpoint endpoint, final RemoteMemory memory, final BooleanSupplier isLost)
            throws IOException {
        this.endpoint = endpoint;
        this.memory = memory;
        this.isLost = isLost;
        key = endpoint.register(staging.addressOffset(), STAGING_BYTES, MemoryKey.LOCAL);
    }

    /** Adds a READ; the target is filled by {@link #complete}, or earlier if the batch gets full. */
    void read(final long offset, final MutableDirectBuffer target, final int index, final int length)
            throws IOException {
        for (int done = 0; done < length; ) {
            final int part = part(offset + done, length - done);
            final int request = begin(WorkRequest.READ, part, 0);
            targets[request] = target;
            indexes[request] = index + done;
            WorkRequest.remote(requests, at(request), memory.address() + offset + done, memory.rkey(offset + done));
            hasRead = true;
            done += part;
        }
    }

    /** Adds a WRITE; its bytes are copied at once. */
    void write(final long offset, final DirectBuffer source, final int index, final int length) throws IOException {
        for (int done = 0; done < length; ) {
            final int part = part(offset + done, length - done);
            final int request = begin(WorkRequest.WRITE, part, hasRead || hasAtomic ? WorkRequest.FENCE : 0);
            staging.putBytes(positions[request], source, index + done, part);
            WorkRequest.remote(requests, at(request), memory.address() + offset + done, memory.rkey(offset + done));
            done += part;
        }
    }

    /** Adds a FETCH_AND_ADD; the word before is in the target as for a READ. */
    void fetchAndAdd(final long offset, final long delta, final MutableDirectBuffer target, final int index)
            throws IOException {
        atomic(WorkRequest.FETCH_AND_ADD, offset, delta, 0, target, index);
    }

    /** Adds a COMPARE_AND_SWAP; the word before is in the target as for a READ. */
    void compareAndSwap(
            final long offset,
            final long expected,
            final long replacement,
            final MutableDirectBuffer target,
            final int index)
            throws IOException {
        atomic(WorkRequest.COMPARE_AND_SWAP, offset, expected, replacement, target, index);
    }

    private void atomic(
            final int opcode,
            final long offset,
            final long compareOrAdd,
            final long swap,
            final MutableDirectBuffer target,
            final int index)
            throws IOException {
        if (isFull(Long.BYTES)) {
            complete();
        }
        final int request = begin(opcode, Long.BYTES, hasRead ? WorkRequest.FENCE : 0);
        targets[request] = target;
        indexes[request] = index;
        WorkRequest.atomic(requests, at(request), memory.address() + offset, memory.rkey(offset), compareOrAdd, swap);
        hasAtomic = true;
    }

    /** How much of a range one more request can carry; posts what is there if it cannot carry any. */
    private int part(final long offset, final int length) throws IOException {
        final int whole = memory.contiguous(offset, Math.min(length, STAGING_BYTES));
        if (isFull(whole)) {
            complete();
        }
        return whole;
    }

    private boolean isFull(final int length) {
        return count == Transport.Endpoint.MAX_REQUESTS || staged + length > STAGING_BYTES;
    }

    private int begin(final int opcode, final int length, final int fence) {
        final int request = count;
        WorkRequest.begin(requests, at(request), request, opcode, fence);
        WorkRequest.local(requests, at(request), staging.addressOffset() + staged, length, key.lkey());
        if (request > 0) {
            WorkRequest.link(requests, at(request - 1), at(request));
        }
        if (fence != 0) {
            roundTrips++;
            hasRead = false;
            hasAtomic = false;
        }
        targets[request] = null;
        positions[request] = staged;
        lengths[request] = length;
        staged += length + 7 & -8;
        count++;
        return request;
    }

    private static int at(final int request) {
        return request * WorkRequest.STRIDE;
    }

    /**
     * Posts what was added, waits until it is done and fills the targets.
     *
     * @throws IOException if the connection fails; then each request may or may not have been executed, and the batch is useless
     */
    void complete() throws IOException {
        if (count == 0) {
            return;
        }
        try {
            WorkRequest.signal(requests, at(count - 1));
            endpoint.post(requests.addressOffset());
            await();
            roundTrips++;
            for (int request = 0; request < count; request++) {
                if (targets[request] != null) {
                    targets[request].putBytes(indexes[request], staging, positions[request], lengths[request]);
                }
            }
        } finally {
            clear();
        }
    }

    /** Only the last request is signaled, but each that fails leaves a completion: the first one counts. */
    private void await() throws IOException {
        int spins = 0;
        while (endpoint.poll(completion.addressOffset(), 1) == 0) {
            if (++spins < SPINS) {
                Thread.onSpinWait();
                continue;
            }
            spins = 0;
            if (isLost.getAsBoolean()) {
                throw new IOException("the connection was closed");
            }
            Thread.yield();
        }
        final int status = completion.getInt(WorkCompletion.STATUS_OFFSET);
        if (status != WorkCompletion.SUCCESS) {
            throw new IOException(WorkCompletion.describe(status));
        }
    }

    /** Forgets what was added and not posted. */
    void clear() {
        for (int request = 0; request < count; request++) {
            targets[request] = null;
        }
        count = 0;
        staged = 0;
        hasRead = false;
        hasAtomic = false;
    }

    /** Returns the wire round trips since the last call. */
    int takeRoundTrips() {
        final int taken = roundTrips;
        roundTrips = 0;
        return taken;
    }

    @Override
    public void close() {
        try {
            endpoint.deregister(key);
        } catch (final IOException e) {
            throw new IllegalStateException("cannot release memory of an RDMA connection", e);
        } finally {
            endpoint.close();
        }
    }
}
