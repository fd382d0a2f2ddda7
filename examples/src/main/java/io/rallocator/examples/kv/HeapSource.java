package io.rallocator.examples.kv;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The heap that a server works on. When the way to its blade was lost, which ends the heap, a thread opens another one
 * at the same address, for as long as it takes; commands are refused meanwhile. A command that was under way ends with
 * an error, and is not carried out again here, as it may have taken effect.
 */
final class HeapSource implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HeapSource.class);
    private static final long RETRY_MS = 200;
    private static final int TRIES_BETWEEN_WARNINGS = 50;

    /** A heap with what the server keeps in it. */
    record Opened(RemoteHeap heap, RemoteMap<byte[], byte[]> map, ListStore lists) {

        static Opened in(RemoteHeap heap) {
            RemoteMap<byte[], byte[]> map = heap.map(KvServer.MAP_NAME, Codecs.bytes(), Codecs.bytes());
            return new Opened(heap, map, new ListStore(heap, map));
        }
    }

    private final String address;
    private final CountDownLatch end = new CountDownLatch(1);
    private volatile Opened current;
    private Thread reopening;

    private HeapSource(String address, Opened opened) {
        this.address = address;
        this.current = opened;
    }

    /** Opens the heap at an address, and opens another whenever that one was lost. */
    static HeapSource of(String address) {
        return new HeapSource(address, open(address));
    }

    /** Uses somebody else's heap, for as long as it is open. */
    static HeapSource of(RemoteHeap heap) {
        return new HeapSource(null, Opened.in(heap));
    }

    private static Opened open(String address) {
        RemoteHeap heap = RemoteHeap.open(address);
        try {
            return Opened.in(heap);
        } catch (RuntimeException e) {
            heap.close();
            throw e;
        }
    }

    /**
     * What to work on.
     *
     * @throws CommandException if the way to the blade was lost and has not been found again
     */
    Opened get() {
        Opened now = current;
        if (now.heap().isOpen() || address == null) {
            return now;
        }
        reopen();
        throw new CommandException(
                "TRYAGAIN the way to the blade was lost; the server tries to reach " + address + " again, see its log");
    }

    /** Whether {@link #get} would throw. */
    boolean isAway() {
        return address != null && !current.heap().isOpen();
    }

    private synchronized void reopen() {
        if (reopening != null || end.getCount() == 0 || !isAway()) {
            return;
        }
        reopening = new Thread(this::reopenUntilDone, "kv-reopen");
        reopening.setDaemon(true);
        reopening.start();
    }

    private void reopenUntilDone() {
        LOG.warn("the way to {} was lost", address);
        current.heap().close();
        try {
            for (int tries = 0; !end.await(RETRY_MS, TimeUnit.MILLISECONDS); tries++) {
                if (tryReopen(tries)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            LOG.error("interrupted while {} is away; the server stays without memory", address, e);
        }
    }

    private boolean tryReopen(int tries) {
        try {
            Opened opened = open(address);
            synchronized (this) {
                current = opened;
                reopening = null;
            }
            LOG.info("reached {} again", address);
            return true;
        } catch (RuntimeException e) {
            if (tries % TRIES_BETWEEN_WARNINGS == 0) {
                LOG.warn("{} cannot be reached, trying again every {} ms", address, RETRY_MS, e);
            }
            return false;
        }
    }

    /** Closes the heap, if it was opened here. */
    @Override
    public void close() {
        end.countDown();
        Thread running;
        synchronized (this) {
            running = reopening;
        }
        joinQuietly(running);
        if (address != null) {
            current.heap().close();
        }
    }

    private static void joinQuietly(Thread thread) {
        boolean interrupted = false;
        while (thread != null && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
