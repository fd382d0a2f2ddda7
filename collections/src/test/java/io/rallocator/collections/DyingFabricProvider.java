package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.FabricProvider;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code dying:PATH}, as {@code local:PATH}, by a process that dies before one of the chains that its main thread posts: nothing that it began
 * is executed any more, and its locks are dropped.
 */
public final class DyingFabricProvider implements FabricProvider {
    /** What the dead throw; nothing catches it. */
    static final class Death extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Death() {
            super("this worker is dead");
        }
    }

    private static final List<Fabric.SessionLock> LOCKS = new ArrayList<>();
    private static volatile Thread main;
    private static final AtomicInteger CHAINS_LEFT = new AtomicInteger();

    /** From here on the calling thread is the one whose chains count. */
    static void liveFor(final int chains) {
        main = Thread.currentThread();
        CHAINS_LEFT.set(chains);
    }

    static boolean isDead() {
        return CHAINS_LEFT.get() < 0;
    }

    /** The process ends: the kernel drops its locks. */
    static synchronized void bury() {
        LOCKS.forEach(Fabric.SessionLock::close);
        LOCKS.clear();
    }

    private static synchronized Fabric.SessionLock keep(final Fabric.SessionLock lock) {
        if (lock != null) {
            LOCKS.add(lock);
        }
        return lock;
    }

    @Override
    public String scheme() {
        return "dying";
    }

    @Override
    public List<String> parameters() {
        return List.of();
    }

    @Override
    public Fabric open(final String address, final Map<String, String> parameters) {
        return new Dying(Fabric.local(Path.of(address)));
    }

    private static final class Dying implements Fabric {
        private final Fabric fabric;

        Dying(final Fabric fabric) {
            this.fabric = fabric;
        }

        @Override
        public String name() {
            return fabric.name();
        }

        @Override
        public PoolGeometry geometry() {
            return fabric.geometry();
        }

        @Override
        public UUID poolId() {
            return fabric.poolId();
        }

        @Override
        public Durability durability() {
            return fabric.durability();
        }

        @Override
        public boolean isSynchronous() {
            return fabric.isSynchronous();
        }

        @Override
        public QueuePair connect() {
            return new DyingQueuePair(fabric.connect());
        }

        @Override
        public SessionLock tryLock(final int session) {
            return keep(fabric.tryLock(session));
        }

        @Override
        public void close() {
            fabric.close();
        }
    }

    private static final class DyingQueuePair implements QueuePair {
        private final QueuePair queuePair;

        DyingQueuePair(final QueuePair queuePair) {
            this.queuePair = queuePair;
        }

        @Override
        public void execute(final Chain chain, final Operation operation) {
            if (Thread.currentThread() == main && !isDead()) {
                CHAINS_LEFT.decrementAndGet();
            }
            if (isDead()) {
                throw new Death();
            }
            queuePair.execute(chain, operation);
        }

        @Override
        public FabricCounters counters() {
            return queuePair.counters();
        }

        @Override
        public void close() {
            queuePair.close();
        }
    }
}
