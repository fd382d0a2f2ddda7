package io.rallocator.allocator.tcp;

import java.util.concurrent.locks.LockSupport;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One request at a time of one queue pair, and what came of it.
 *
 * <p>Threads: the queue pair's fills the frame and waits; whoever reads the connection meanwhile delivers the reply.
 */
abstract class Request {
    final int queuePair;
    final ExpandableArrayBuffer frame = new ExpandableArrayBuffer(4096);

    private volatile boolean waiting;
    private volatile Thread waiter;
    private Error error;
    private String failure;

    Request(final int queuePair) {
        this.queuePair = queuePair;
    }

    /** Takes in a reply: copies what it needs, the buffer is reused. */
    abstract void onReply(UnsafeBuffer reply);

    final void begin() {
        failure = null;
        error = null;
        waiting = true;
    }

    final boolean isWaiting() {
        return waiting;
    }

    /** Called by the connection's reader. */
    final void deliver(final UnsafeBuffer reply) {
        try {
            onReply(reply);
        } catch (final RuntimeException e) {
            failure = "its reply cannot be understood: " + e;
        } catch (final Error e) {
            error = e;
        }
        end();
    }

    /** The connection broke with this request under way. */
    final void fail(final String reason) {
        if (waiting) {
            failure = reason;
            end();
        }
    }

    private void end() {
        waiting = false;
        wake();
    }

    final void wake() {
        final Thread thread = waiter;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    final void waiter(final Thread thread) {
        waiter = thread;
    }

    final boolean hasWaiter() {
        return waiter != null;
    }

    /** Why there is no reply; null if there is one. */
    final String failure() {
        if (error != null) {
            throw error;
        }
        return failure;
    }
}
