package io.rallocator.allocator;

import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.IntentDescriptor;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolInUseException;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.SessionFencedException;
import io.rallocator.persistence.Superblock;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One worker's session with one pool: its line in the session table, its lanes, its slabs. While it lives it holds an OS
 * lock that the kernel drops with the process; when the lock is free the session is dead, and what it had open is
 * recovered by whoever serves the pool (I7, I12).
 *
 * <p>Closing seals every slab and drops the lock; the blade then takes the session apart exactly as after a crash, only
 * with nothing to scan.
 *
 * <p>Threads: any number; as many operations run at once as there are lanes. A background thread announces epochs.
 */
public final class WorkerSession implements AutoCloseable {
    private static final Operation OPEN = Operation.named("session.open");
    private static final int DEFAULT_EMPTY_UNITS = 32;
    private static final int RECLAMATIONS = 3;
    private static final int EPOCHS_FOR_A_SLAB = 8;
    private static final long RECLAMATION_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Path pool;
    private final NvmRegion region;
    private final boolean ownsRegion;
    private final PoolGeometry geometry;
    private final PoolLock lock;
    private final int index;
    private final int incarnation;
    private final Lane[] lanes;
    private final AtomicReferenceArray<Slab> slabs;
    private final SlabClient slabClient;
    private final Orphans orphans;
    private final SessionConductor conductor;
    private final AgentRunner conductorRunner;
    private volatile long localEpoch;
    private volatile String ended;
    private volatile boolean fenced;

    private WorkerSession(
            final Path pool,
            final NvmRegion region,
            final boolean ownsRegion,
            final PoolGeometry geometry,
            final String name) {
        this.pool = pool;
        this.region = region;
        this.ownsRegion = ownsRegion;
        this.geometry = geometry;
        final QueuePair queuePair = new LocalQueuePair(region);
        final Chain chain = new Chain(queuePair);
        final UnsafeBuffer identity = identity(name);
        final Claim claim = Claim.any(pool, geometry, chain);
        lock = claim.lock;
        index = claim.session;
        incarnation = claim.incarnation;
        introduce(chain, identity);
        slabs = new AtomicReferenceArray<>(geometry.units());
        localEpoch = announceFirst(chain);
        final int freeHead = chain.readWord(geometry.freeHeadOffset(index));
        chain.post(OPEN);
        slabClient = new SlabClient(this, chain.result(freeHead) & CheckedWord.PAYLOAD_MASK);
        orphans = new Orphans(this);
        lanes = new Lane[geometry.lanes()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(this, i, new LocalQueuePair(region));
            lanes[i].commit().sequence(nextSequence(chain, i));
        }
        conductor = new SessionConductor(this, queuePair, chain, localEpoch);
        conductorRunner = new AgentRunner(
                new BackoffIdleStrategy(1, 1, 100_000, 1_000_000),
                new DutyErrors("session " + index + " of " + pool),
                null,
                conductor);
        AgentRunner.startOnThread(conductorRunner, runnable -> {
            final Thread thread = new Thread(runnable, "rallocator-session-" + index);
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Opens a session with a pool that a blade of this host serves, over a mapping of its own.
     *
     * @param pool file of the pool
     * @param name of the worker, for people, at most 76 bytes in UTF-8
     * @return the session
     * @throws PoolUnavailableException if no blade serves the pool, or the file cannot be used
     * @throws PoolInUseException if the session table is full
     */
    public static WorkerSession attach(final Path pool, final String name) {
        final Superblock superblock = PoolFile.readSuperblock(pool);
        requireBlade(pool);
        final NvmRegion region = PoolFile.map(pool, superblock);
        try {
            return new WorkerSession(pool, region, true, superblock.geometry(), name);
        } catch (final RuntimeException e) {
            region.close();
            throw e;
        }
    }

    /**
     * Opens a session in the process of the blade, over the blade's mapping.
     *
     * @param blade serves the pool; close it after the session
     * @param name of the worker, for people, at most 76 bytes in UTF-8
     * @return the session
     * @throws PoolInUseException if the session table is full
     */
    public static WorkerSession embedded(final Blade blade, final String name) {
        return new WorkerSession(blade.pool(), blade.region(), false, blade.geometry(), name);
    }

    private static void requireBlade(final Path pool) {
        final PoolLock free = PoolLock.tryAcquire(PoolLock.bladeLock(pool));
        if (free != null) {
            free.close();
            throw new PoolUnavailableException("no blade serves " + pool + "; start one with `rallocator blade --pool "
                    + pool + "`, or open embedded:" + pool);
        }
    }

    /** A line of the session table that became ours: the lock first, so that nobody takes us for dead. */
    private static final class Claim {
        final PoolLock lock;
        final int session;
        final int incarnation;

        private Claim(final PoolLock lock, final int session, final int incarnation) {
            this.lock = lock;
            this.session = session;
            this.incarnation = incarnation;
        }

        static Claim any(final Path pool, final PoolGeometry geometry, final Chain chain) {
            for (int session = 0; session < geometry.sessions(); session++) {
                final long offset = geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET;
                final long word = read(chain, offset);
                if (SessionDescriptor.state(word, offset) == SessionDescriptor.FREE) {
                    final Claim claim = tryClaim(pool, session, offset, word, chain);
                    if (claim != null) {
                        return claim;
                    }
                }
            }
            throw new PoolInUseException("all " + geometry.sessions() + " sessions of " + pool
                    + " are in use; close one, or create the pool with more sessions");
        }

        private static long read(final Chain chain, final long offset) {
            final int verb = chain.readWord(offset);
            chain.post(OPEN);
            return chain.result(verb);
        }

        private static Claim tryClaim(
                final Path pool, final int session, final long offset, final long word, final Chain chain) {
            final PoolLock lock = PoolLock.tryAcquire(PoolLock.sessionLock(pool, session));
            if (lock == null) {
                return null;
            }
            final int next = SessionDescriptor.incarnation(word) == SessionDescriptor.MAX_INCARNATION
                    ? 1
                    : SessionDescriptor.incarnation(word) + 1;
            final int swap =
                    chain.compareAndSwap(offset, word, SessionDescriptor.stateWord(SessionDescriptor.ACTIVE, next));
            chain.persist();
            chain.post(OPEN);
            if (chain.result(swap) == word) {
                return new Claim(lock, session, next);
            }
            lock.close();
            return null;
        }
    }

    /** Who we are, as a line of the session table; fails before anything is claimed if the name is too long. */
    private static UnsafeBuffer identity(final String name) {
        final UnsafeBuffer line = Lane.direct(SessionDescriptor.BYTES);
        final ProcessHandle self = ProcessHandle.current();
        line.putLong(SessionDescriptor.PID_OFFSET, self.pid());
        line.putLong(
                SessionDescriptor.START_OFFSET,
                self.info().startInstant().map(Instant::toEpochMilli).orElse(0L));
        RootDescriptor.putText(
                line,
                SessionDescriptor.NAME_LENGTH_OFFSET,
                name,
                SessionDescriptor.MAX_NAME_BYTES,
                "the worker's name");
        line.putInt(SessionDescriptor.CRC_OFFSET, SessionDescriptor.identityCrc(line, 0));
        return line;
    }

    private void introduce(final Chain chain, final UnsafeBuffer identity) {
        final long offset = geometry.sessionOffset(index);
        chain.write(
                        offset + SessionDescriptor.PID_OFFSET,
                        identity,
                        SessionDescriptor.PID_OFFSET,
                        SessionDescriptor.BYTES - SessionDescriptor.PID_OFFSET)
                .writeWord(offset + SessionDescriptor.HEARTBEAT_OFFSET, CheckedWord.of(System.currentTimeMillis()))
                .persist()
                .post(OPEN);
    }

    /** The line's old announcement holds the epoch back until this one, so what we read stays current. */
    private long announceFirst(final Chain chain) {
        final int verb = chain.readWord(PoolGeometry.epochOffset());
        chain.post(OPEN);
        final long word = chain.result(verb);
        final long epoch = CheckedWord.payload(word, "global epoch", PoolGeometry.epochOffset());
        chain.writeWord(geometry.sessionOffset(index) + SessionDescriptor.EPOCH_OFFSET, word)
                .persist()
                .post(OPEN);
        return epoch;
    }

    private long nextSequence(final Chain chain, final int lane) {
        final UnsafeBuffer slots = Lane.direct(2 * IntentDescriptor.BYTES);
        chain.read(geometry.intentOffset(index, lane, 0), slots, 0, slots.capacity())
                .post(OPEN);
        long next = 1;
        for (int slot = 0; slot < 2; slot++) {
            final int at = slot * IntentDescriptor.BYTES;
            if (IntentDescriptor.isValid(slots, at)) {
                next = Math.max(next, slots.getLong(at + IntentDescriptor.SEQUENCE_OFFSET) + 1);
            }
        }
        return next;
    }

    // ---- lanes

    /**
     * Takes a lane and pins the epoch. Release it in a finally block; call no code of the application's in between, and
     * never take a second one meanwhile.
     *
     * @return a lane, exclusively
     * @throws HeapClosedException after {@link #close()}
     * @throws SessionFencedException if this session was declared dead
     */
    public Lane acquire() {
        int at = (int) Thread.currentThread().getId();
        for (; ; ) {
            checkOpen();
            for (int i = 0; i < lanes.length; i++) {
                final Lane lane = lanes[(at++ & Integer.MAX_VALUE) % lanes.length];
                if (lane.tryAcquire()) {
                    return lane;
                }
            }
            Thread.yield();
        }
    }

    /**
     * Gives a lane back.
     *
     * @param lane from {@link #acquire()}
     */
    public void release(final Lane lane) {
        lane.release();
    }

    /**
     * Verifies that the session can be used.
     *
     * @throws HeapClosedException after {@link #close()}
     * @throws SessionFencedException if this session was declared dead
     */
    public void checkOpen() {
        final String reason = ended;
        if (reason != null) {
            if (fenced) {
                throw new SessionFencedException(reason);
            }
            throw new HeapClosedException(reason);
        }
    }

    void fence(final String reason) {
        fenced = true;
        ended = reason;
    }

    /**
     * Writes what this session's idle lanes owe: freed marks and size stripes.
     */
    public void settle() {
        checkOpen();
        for (final Lane lane : lanes) {
            lane.settleIfIdle();
        }
    }

    /**
     * Sums the size changes of a structure that took effect in other live sessions and are not in their stripes yet.
     * Exact when nothing is in flight.
     *
     * @param structure root index
     * @return what to add to the sum of the stripes
     */
    public long unsettledDelta(final int structure) {
        final Lane lane = acquire();
        try {
            return new IntentScanner(geometry, lane.chain()).unsettledDelta(structure, index);
        } finally {
            release(lane);
        }
    }

    /**
     * Waits, with no lane held, until memory that was freed may have come back.
     *
     * @param exhausted what {@link Lane#allocate} threw
     * @param attempt how often this operation has waited before, from 0
     * @throws OutOfRemoteMemoryException the same, if nothing more can be expected
     */
    public void awaitReclamation(final OutOfRemoteMemoryException exhausted, final int attempt) {
        if (attempt >= RECLAMATIONS) {
            throw exhausted;
        }
        final long from = globalEpoch();
        final long deadline = System.nanoTime() + RECLAMATION_NS;
        boolean swept = false;
        while (globalEpoch() < from + EPOCHS_FOR_A_SLAB) {
            checkOpen();
            if (!swept && globalEpoch() >= from + EPOCHS_FOR_A_SLAB / 2) {
                swept = true;
                sweepLanes();
            }
            if (System.nanoTime() - deadline > 0) {
                throw exhausted;
            }
            LockSupport.parkNanos(100_000);
        }
    }

    private void sweepLanes() {
        for (final Lane lane : lanes) {
            if (lane.tryAcquire()) {
                try {
                    lane.allocator().harvestAll();
                    lane.allocator().reclaim();
                    lane.allocator().freeEmpties();
                } finally {
                    lane.release();
                }
            }
        }
    }

    // ---- identity and figures

    /**
     * The pool's layout.
     *
     * @return never null
     */
    public PoolGeometry geometry() {
        return geometry;
    }

    /**
     * Line in the session table.
     *
     * @return 0 …
     */
    public int index() {
        return index;
    }

    /**
     * How often that line was used.
     *
     * @return from 1
     */
    public int incarnation() {
        return incarnation;
    }

    /**
     * The cost of an operation so far, over all lanes.
     *
     * @param operation whose
     * @param figure which
     * @return the count
     */
    public long count(final Operation operation, final FabricCounters.Figure figure) {
        long sum = 0;
        for (final Lane lane : lanes) {
            sum += lane.counters().get(operation, figure);
        }
        return sum;
    }

    String poolName() {
        return pool.toString();
    }

    SlabClient slabClient() {
        return slabClient;
    }

    Orphans orphans() {
        return orphans;
    }

    long localEpoch() {
        return localEpoch;
    }

    void localEpoch(final long epoch) {
        localEpoch = epoch;
    }

    long globalEpoch() {
        return conductor.globalEpoch();
    }

    long orphanCount() {
        return conductor.orphanCount();
    }

    boolean hasPeers() {
        return conductor.hasPeers();
    }

    int emptyUnitsThreshold() {
        return DEFAULT_EMPTY_UNITS;
    }

    Lane[] lanes() {
        return lanes;
    }

    // ---- slabs

    void own(final Slab slab) {
        slabs.set(slab.unit, slab);
    }

    void disown(final Slab slab) {
        slabs.set(slab.unit, null);
    }

    /** The slab of a block if this session owns it, else null. */
    Slab slabAt(final long ref) {
        return slabs.get(geometry.slabUnitAt(BlockRef.offset(ref), BlockRef.slabClass(ref)));
    }

    // ---- end

    /** Waits for running operations, seals every slab and ends the session. Idempotent. */
    @Override
    public synchronized void close() {
        if (ended != null && !fenced) {
            return;
        }
        final boolean wasFenced = fenced;
        fenced = false;
        ended = "the heap on " + pool + " is closed; open another";
        for (final Lane lane : lanes) {
            while (!lane.tryAcquire()) {
                Thread.yield();
            }
            if (!wasFenced) {
                lane.settle();
                lane.allocator().sealAll();
            }
            lane.close();
        }
        conductorRunner.close();
        lock.close();
        if (ownsRegion) {
            region.close();
        }
    }
}
