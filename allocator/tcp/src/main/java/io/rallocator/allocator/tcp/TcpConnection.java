package io.rallocator.allocator.tcp;

import io.rallocator.persistence.SessionFencedException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A worker's connection to a blade, shared by all its queue pairs. There is no thread of its own: of those that wait for a reply
 * one reads, and delivers what belongs to the others; when it has its own reply, it lets the next one read. So a lone round trip
 * has no hand-off between threads.
 *
 * <p>A virtual thread never reads, since its interruption would close the socket for all: with the first of them a reader thread is
 * started, which reads from then on.
 *
 * <p>Threads: any.
 */
final class TcpConnection implements AutoCloseable {
    private static final int INITIAL = 64 << 10;

    private final String name;
    private final Socket socket;
    private final InputStream in;
    private final OutBuffer out;
    private final ReentrantLock reading = new ReentrantLock();
    private final CopyOnWriteArrayList<Request> requests = new CopyOnWriteArrayList<>();
    private final ReentrantLock failing = new ReentrantLock();
    private final UnsafeBuffer reply = new UnsafeBuffer(0, 0);
    private UnsafeBuffer buffer = new UnsafeBuffer(new byte[INITIAL]);
    private int from;
    private int to;
    private volatile Thread reader;
    private volatile String lost;

    TcpConnection(final String name, final Socket socket) throws IOException {
        this.name = name;
        this.socket = socket;
        this.in = socket.getInputStream();
        this.out = new OutBuffer(socket.getOutputStream());
    }

    /** Lets a request be used on this connection. */
    void add(final Request request) {
        requests.add(request);
    }

    void remove(final Request request) {
        requests.remove(request);
    }

    /**
     * Sends the request's frame and waits until its reply was delivered or the connection broke: see {@link Request#failure()}.
     *
     * @throws SessionFencedException if the connection was lost before; then nothing was sent
     */
    void call(final Request request) {
        final String reason = lost;
        if (reason != null) {
            throw new SessionFencedException(reason);
        }
        request.begin();
        try {
            out.send(request);
        } catch (final IOException e) {
            lose("a write failed: " + e);
        } finally {
            if (lost != null) {
                request.fail(lost); // it may have begun after the others were told
            }
        }
        await(request);
    }

    private void await(final Request request) {
        boolean interrupted = false;
        while (request.isWaiting()) {
            if (mayRead() && reading.tryLock()) {
                readFor(request);
                continue;
            }
            request.waiter(Thread.currentThread());
            if (request.isWaiting() && (reading.isLocked() || !mayRead())) {
                LockSupport.park(this);
            }
            request.waiter(null);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void readFor(final Request request) {
        try {
            while (request.isWaiting()) {
                read();
            }
        } finally {
            reading.unlock();
            wakeNext();
        }
    }

    /** Whoever waits looks again, after it said that it waits, whether somebody reads. */
    private void wakeNext() {
        for (final Request request : requests) {
            if (request.isWaiting() && request.hasWaiter()) {
                request.wake();
                return;
            }
        }
    }

    private boolean mayRead() {
        if (reader != null) {
            return false;
        }
        if (!VirtualThreads.isCurrent()) {
            return true;
        }
        startReader();
        return false;
    }

    private synchronized void startReader() {
        if (reader == null) {
            final Thread thread = new Thread(this::readForAll, "rallocator-tcp-reader");
            thread.setDaemon(true);
            reader = thread;
            thread.start();
        }
    }

    private void readForAll() {
        reading.lock();
        try {
            while (lost == null) {
                read();
            }
        } finally {
            reading.unlock();
        }
    }

    /** Reads once, and delivers what is whole. The caller holds the lock. */
    private void read() {
        try {
            makeRoom();
            final int count = in.read(buffer.byteArray(), to, buffer.capacity() - to);
            if (count < 0) {
                throw new EOFException("the blade closed the connection");
            }
            to += count;
            deliverAll();
        } catch (final SocketTimeoutException e) {
            if (isAwaited() || reader == null) {
                lose("the blade did not answer within " + timeoutMs() + " ms");
            }
        } catch (final IOException e) {
            lose(e.getMessage() == null ? e.toString() : e.getMessage());
        } catch (final RuntimeException | Error e) {
            lose("reading failed: " + e);
            throw e;
        }
    }

    private boolean isAwaited() {
        return requests.stream().anyMatch(Request::isWaiting);
    }

    private int timeoutMs() {
        try {
            return socket.getSoTimeout();
        } catch (final IOException e) {
            return 0; // closed meanwhile: for a message only
        }
    }

    private void makeRoom() {
        if (from == to) {
            from = 0;
            to = 0;
        }
        final int needed = to - from < Frame.HEADER_BYTES ? Frame.HEADER_BYTES : Frame.length(buffer, from);
        if (from + needed <= buffer.capacity() && to < buffer.capacity()) {
            return;
        }
        final UnsafeBuffer target = needed <= buffer.capacity() ? buffer : new UnsafeBuffer(new byte[needed]);
        System.arraycopy(buffer.byteArray(), from, target.byteArray(), 0, to - from);
        buffer = target;
        to -= from;
        from = 0;
    }

    private void deliverAll() throws IOException {
        while (to - from >= Frame.HEADER_BYTES) {
            final int length = Frame.length(buffer, from);
            if (!Frame.isPlausible(length, Frame.MAX_BYTES)) {
                throw new IOException("the blade sent a frame of " + length + " bytes");
            }
            if (to - from < length) {
                return;
            }
            deliver(length);
            from += length;
        }
    }

    private void deliver(final int length) throws IOException {
        if (Frame.type(buffer, from) == Frame.BYE) {
            throw new IOException("the blade says: " + TextFrame.text(buffer, from));
        }
        final int queuePair = Frame.queuePair(buffer, from);
        for (final Request request : requests) {
            if (request.queuePair == queuePair && request.isWaiting()) {
                reply.wrap(buffer, from, length);
                request.deliver(reply);
                return;
            }
        }
        throw new IOException("the blade answered queue pair " + queuePair + ", which asked nothing");
    }

    /** Ends the connection; whoever waits gets to know. The first reason counts. */
    private void lose(final String reason) {
        failing.lock();
        try {
            if (lost == null) {
                lost = "the connection to " + name + " is lost (" + reason + "): open a new heap";
            }
        } finally {
            failing.unlock();
        }
        out.close(lost);
        try {
            socket.close();
        } catch (final IOException e) {
            lost = lost + "; and its socket cannot be closed: " + e;
        }
        for (final Request request : requests) {
            request.fail(lost);
        }
    }

    boolean isLost() {
        return lost != null;
    }

    @Override
    public void close() {
        lose("it was closed");
    }
}
