package io.rallocator.allocator.tcp;

import io.rallocator.persistence.SessionFencedException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sends frames of many threads by few writes: a thread leaves its frame in a buffer; the first of them writes, and goes on for as long as
 * others leave more meanwhile. Who finds the buffer full waits until it was taken away, so what is on its way is bounded.
 *
 * <p>Threads: any.
 */
final class OutBuffer {
    private static final int CAPACITY = 2 * Frame.MAX_BYTES;
    private static final int INITIAL = 64 << 10;

    private final OutputStream out;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition taken = lock.newCondition();
    private UnsafeBuffer filling = new UnsafeBuffer(new byte[INITIAL]);
    private UnsafeBuffer spare = new UnsafeBuffer(new byte[INITIAL]);
    private int filled;
    private int sequence;
    private boolean writing;
    private String closed;

    OutBuffer(final OutputStream out) {
        this.out = out;
    }

    /**
     * Sends the frame of a request that has begun.
     *
     * @throws SessionFencedException if the connection is over; then nothing was sent
     * @throws IOException if it breaks; then others' frames may be lost too
     */
    void send(final Request request) throws IOException {
        final int length = Frame.length(request.frame, 0);
        lock.lock();
        try {
            while (closed == null && filled + length > CAPACITY) {
                taken.awaitUninterruptibly();
            }
            if (closed != null) {
                throw new SessionFencedException(closed);
            }
            append(request, length);
            if (writing) {
                return;
            }
            writing = true;
        } finally {
            lock.unlock();
        }
        writeAll();
    }

    private void append(final Request request, final int length) {
        if (filled + length > filling.capacity()) {
            final UnsafeBuffer larger = new UnsafeBuffer(new byte[Math.max(2 * filling.capacity(), filled + length)]);
            larger.putBytes(0, filling, 0, filled);
            filling = larger;
        }
        request.frame.putInt(Frame.SEQUENCE_OFFSET, ++sequence);
        filling.putBytes(filled, request.frame, 0, length);
        filled += length;
    }

    private void writeAll() throws IOException {
        boolean done = false;
        try {
            for (UnsafeBuffer full = null; ; ) {
                final int length;
                lock.lock();
                try {
                    if (full != null) {
                        spare = full;
                    }
                    if (filled == 0) {
                        writing = false;
                        done = true;
                        return;
                    }
                    full = filling;
                    length = filled;
                    filling = spare;
                    filled = 0;
                    taken.signalAll();
                } finally {
                    lock.unlock();
                }
                out.write(full.byteArray(), 0, length);
            }
        } finally {
            if (!done) {
                close("a write to the blade failed");
            }
        }
    }

    /** Lets nobody send any more. The first reason counts. */
    void close(final String reason) {
        lock.lock();
        try {
            if (closed == null) {
                closed = reason;
            }
            taken.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
