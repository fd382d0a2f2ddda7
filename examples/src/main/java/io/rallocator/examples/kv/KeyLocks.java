package io.rallocator.examples.kv;

import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteLongArray;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.SessionId;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Locks for keys, shared by all servers of one pool: {@value #STRIPES} words of an array in the pool. A word is 0, or
 * names the session that holds it, so a lock whose holder was killed is taken over as soon as the pool knows that the
 * session is over. It is safe to do so, because everything that a holder does goes through the heap of that session:
 * if it was only asleep, none of it happens any more (I7).
 *
 * <p>Costs one round trip to take and one to give back. A holder that is stopped, but not dead, is waited for
 * {@value #PATIENCE_MS} ms; over a network the blade takes it for dead after its lease.
 */
final class KeyLocks {

    /** The name of the array in the heap. */
    static final String NAME = "kv.locks";

    static final long PATIENCE_MS = 2_000;

    private static final Logger LOG = LoggerFactory.getLogger(KeyLocks.class);
    private static final int STRIPES = 256;
    private static final int SESSION_BITS = 36;
    private static final long SESSION_MASK = (1L << SESSION_BITS) - 1;
    private static final long SHORTEST_PAUSE_NS = 20_000;
    private static final long LONGEST_PAUSE_NS = 1_000_000;
    private static final AtomicLong SERVERS = new AtomicLong();

    private final RemoteHeap heap;
    private final RemoteLongArray words;
    private final Lock[] ofThreads = new Lock[STRIPES];
    private final long me;

    KeyLocks(RemoteHeap heap) {
        this.heap = heap;
        this.words = heap.longArray(NAME, STRIPES);
        // Two servers of one process may share a heap, and so a session.
        this.me = SERVERS.incrementAndGet() << SESSION_BITS | heap.session().toLong();
        Arrays.setAll(ofThreads, i -> new ReentrantLock());
    }

    /** A lock that is held by the thread that took it. */
    final class Held {

        private final int stripe;

        private Held(int stripe) {
            this.stripe = stripe;
        }

        void release() {
            try {
                words.set(stripe, 0);
            } catch (RallocatorException e) {
                LOG.warn(
                        "lock {} of {} could not be given back; others take it once this session is over",
                        stripe,
                        heap,
                        e);
            } finally {
                ofThreads[stripe].unlock();
            }
        }
    }

    /**
     * Takes the lock of a key; never take two.
     *
     * @throws CommandException if another server holds it for longer than {@value #PATIENCE_MS} ms
     */
    Held lock(byte[] key) {
        int hash = Arrays.hashCode(key);
        int stripe = (hash ^ hash >>> 16) & STRIPES - 1;
        ofThreads[stripe].lock();
        try {
            awaitWord(stripe);
            return new Held(stripe);
        } catch (RuntimeException | Error e) {
            ofThreads[stripe].unlock();
            throw e;
        }
    }

    private void awaitWord(int stripe) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MS);
        long pause = SHORTEST_PAUSE_NS;
        for (; ; ) {
            long holder = words.compareAndExchange(stripe, 0, me);
            if (holder == 0 || holder == me) {
                return; // me: what we could not give back, as no other thread of ours gets here
            }
            SessionId session = SessionId.fromLong(holder & SESSION_MASK);
            if (heap.hasEnded(session) && words.compareAndSet(stripe, holder, me)) {
                LOG.info("took over lock {} of {}, which is over", stripe, session);
                return;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new CommandException("TRYAGAIN the list is in use by another server, " + session + ", for more"
                        + " than " + PATIENCE_MS + " ms; if that one is stopped, end it");
            }
            LockSupport.parkNanos(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_NS);
        }
    }
}
