package io.rallocator.allocator.rdma;

import com.ibm.disni.verbs.impl.NativeDispatcher;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Events of the connection manager, waited for with a deadline of our own: the manager itself may never answer.
 *
 * <p>Threads: one at a time.
 */
final class CmChannel implements AutoCloseable {
    private final NativeDispatcher calls;
    private final long handle;
    private final UnsafeBuffer ids = new UnsafeBuffer(ByteBuffer.allocateDirect(2 * Long.BYTES));
    private boolean closed;

    CmChannel(final NativeDispatcher calls) throws IOException {
        this.calls = calls;
        handle = calls._createEventChannel();
    }

    long handle() {
        return handle;
    }

    /**
     * Waits for an event of one connection; those of others are passed over.
     *
     * @return the connection's id
     * @throws IOException if another event comes, or none in time
     */
    long await(final CmEvent expected, final long ofId, final int timeoutMs) throws IOException {
        final long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        for (; ; ) {
            final long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            final int event = leftMs <= 0
                    ? -1
                    : calls._getCmEvent(handle, ids.addressOffset(), ids.addressOffset() + Long.BYTES, (int) leftMs);
            if (event >= 0) {
                final long id = ids.getLong(Long.BYTES);
                if (CmEvent.of(event) == expected && (id == ofId || expected == CmEvent.CONNECT_REQUEST)) {
                    return id;
                }
                if (id == ofId) {
                    throw new IOException(CmEvent.of(event) + " came where " + expected + " was due");
                }
            } else if (leftMs <= 0) {
                throw new IOException("no " + expected + " within " + timeoutMs + " ms");
            }
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            calls._destroyEventChannel(handle);
        }
    }
}
