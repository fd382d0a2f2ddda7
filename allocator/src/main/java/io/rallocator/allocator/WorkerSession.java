package io.rallocator.allocator;

import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolInUseException;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.SessionFencedException;
import io.rallocator.persistence.SessionId;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
    private static final Logger LOGGER = LoggerFactory.getLogger(WorkerSession.class);
    private static final Operation LOOK = Operation.named("session.look");
    private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(1);

    /** A tick of many workers is many round trips for the blade that executes them. */
    private static final long REMOTE_TICK_NS = TimeUnit.MILLISECONDS.toNanos(4);

    private static final int DEFAULT_EMPTY_UNITS = 32;
    private static final long LANE_PATIENCE_NS = 5_000_000;
    private static final int RECLAMATIONS = 4;
    private static final int EPOCHS_FOR_A_SLAB = 8;
    private static final long SESSION_END_NS = TimeUnit.MINUTES.toNanos(1);
    private static final long RECLAMATION_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Fabric fabric;
    private final UUID poolId;
    private final PoolGeometry geometry;
    private final Fabric.SessionLock lock;
    private final int index;
    private final int incarnation;
    private final Lane[] lanes;
    private final AtomicReferenceArray<Slab> slabs;
    private final SlabClient slabClient;
    private final Orphans orphans;
    private final SessionConductor conductor;
    private final AgentRunner conductorRunner;
    private volatile SlabSizing slabSizing = new TunedSlabSizing();
    private volatile int emptyUnitsThreshold = DEFAULT_EMPTY_UNITS;
    private final AtomicInteger structuresOpened = new AtomicInteger();
    private volatile long localEpoch;
    private volatile String ended;
    private volatile boolean fenced;
    private volatile DropListener dropListener = words -> {};

    private WorkerSession(final Fabric fabric, final String name, final boolean conducted) {
        this.fabric = fabric;
        this.geometry = fabric.geometry();
        this.poolId = fabric.poolId();
        final QueuePair queuePair = fabric.connect();
        final Chain chain = new Chain(queuePair);
        final SessionClaim claim = SessionClaim.any(fabric, chain, name);
        lock = claim.lock;
        index = claim.session;
        incarnation = claim.incarnation;
        slabs = new AtomicReferenceArray<>(geometry.units());
        lanes = new Lane[geometry.lanes()];
        try {
            localEpoch = claim.announceFirst();
            slabClient = new SlabClient(this, claim.freeHead());
            orphans = new Orphans(this);
            for (int i = 0; i < lanes.length; i++) {
                lanes[i] = new Lane(this, i, fabric.connect());
                lanes[i].commit().sequence(claim.nextSequence(i));
            }
            conductor = new SessionConductor(this, queuePair, chain, localEpoch);
        } catch (final RuntimeException e) {
            lock.close(); // the blade takes the session for dead, and recovers it
            throw e;
        }
        conductorRunner = Runners.of(
                "session " + index + " of " + fabric.name(),
                new BackoffIdleStrategy(1, 1, 100_000, fabric.isSynchronous() ? TICK_NS : REMOTE_TICK_NS),
                conductor);
        if (conducted) {
            Runners.start(conductorRunner, "rallocator-session-" + index);
        }
    }

    /**
     * Opens a session with a pool that a blade of this host serves, over a mapping of its own. Waits while the blade recovers the
     * pool, up to a minute.
     *
     * @param pool file of the pool
     * @param name of the worker, for people, at most 76 bytes in UTF-8
     * @return the session
     * @throws PoolUnavailableException if no blade serves the pool, or the file cannot be used
     * @throws PoolInUseException if the session table is full
     */
    public static WorkerSession attach(final Path pool, final String name) {
        return over(Fabric.local(pool), name);
    }

    /**
     * Opens a session over any fabric.
     *
     * @param fabric to the blade; this session closes it, also when it cannot be opened
     * @param name of the worker, for people, at most 76 bytes in UTF-8
     * @return the session
     * @throws PoolInUseException if the session table is full
     * @throws PoolUnavailableException if the fabric fails
     */
    public static WorkerSession over(final Fabric fabric, final String name) {
        try {
            return new WorkerSession(fabric, name, true);
        } catch (final RuntimeException e) {
            fabric.close();
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
        return over(Fabric.of(blade), name);
    }

    /**
     * Opens a session over somebody's region.
     *
     * @param queuePairs makes the queue pairs: the first for the conductor, then one for each lane
     * @param conducted false if the caller runs the conductor's duty
     */
    static WorkerSession open(
            final Path pool,
            final NvmRegion region,
            final PoolGeometry geometry,
            final String name,
            final Function<NvmRegion, QueuePair> queuePairs,
            final boolean conducted) {
        return new WorkerSession(new LocalFabric(pool, region, false, geometry, queuePairs), name, conducted);
    }

    /**
     * Which pool this is a session with.
     *
     * @return the id that the pool got when it was created
     */
    public UUID poolId() {
        return poolId;
    }

    /**
     * What a crash may be for this session's acknowledged operations to survive it.
     *
     * @return the level of the pool
     */
    public Durability durability() {
        return fabric.durability();
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
     * Tells whether the session can be used.
     *
     * @return false after {@link #close()}, and once it was declared dead or the way to the pool was lost
     */
    public boolean isOpen() {
        return ended == null;
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
        if (ended != null) {
            return; // the first reason says most
        }
        fenced = true;
        ended = reason;
    }

    boolean isFenced() {
        return fenced;
    }

    /**
     * Writes what this session's idle lanes owe: freed marks and size stripes. A lane that somebody holds, be it the
     * conductor that is just settling it, is left alone.
     */
    public void settle() {
        checkOpen();
        for (final Lane lane : lanes) {
            lane.settleIfIdle();
        }
    }

    /**
     * Sums the size changes of a structure that took effect and are not in their stripes yet, in this session as in others:
     * its conductor may have taken a lane in order to settle it, and not have done so. Exact when nothing is in flight.
     *
     * @param structure root index
     * @return what to add to the sum of the stripes
     */
    public long unsettledDelta(final int structure) {
        final Lane lane = acquire();
        try {
            return new IntentScanner(geometry, lane.chain()).unsettledDelta(structure);
        } finally {
            release(lane);
        }
    }

    /**
     * What became of an operation of a session that is over: some round trips. If somebody else executes that session's verbs, waits
     * until they have noticed that it is over.
     *
     * @param id of the operation, from an {@link io.rallocator.persistence.OutcomeUnknownException}
     * @return the outcome
     * @throws IllegalArgumentException if it is of another pool, or this one has no such session or lane
     * @throws PoolUnavailableException if the session is not over after a minute
     */
    public Outcome outcome(final OperationId id) {
        checkOpen();
        if (!id.pool().equals(poolId)) {
            throw new IllegalArgumentException(id + " is of another pool: this one is " + poolId);
        }
        if (id.session() < 0 || id.session() >= geometry.sessions() || id.lane() < 0 || id.lane() >= geometry.lanes()) {
            throw new IllegalArgumentException("there is no operation " + id + ": this pool has " + geometry.sessions()
                    + " sessions of " + geometry.lanes() + " lanes");
        }
        final long from = System.nanoTime();
        for (; ; ) {
            final Lane lane = acquire();
            try {
                final IntentScanner scanner = new IntentScanner(geometry, lane.chain());
                if (!scanner.mayBeUnderWay(id)) {
                    return scanner.outcome(id);
                }
            } finally {
                release(lane);
            }
            if (System.nanoTime() - from > SESSION_END_NS) {
                throw new PoolUnavailableException(id + " may still be under way: its session is connected to "
                        + fabric.name() + "; close the heap that it was started in");
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /**
     * Tells whether another session is over, and recovered: one round trip.
     *
     * @param id of the session
     * @return false if it lives, or is still being recovered
     * @throws IllegalArgumentException if this pool has no such session
     */
    public boolean isOver(final SessionId id) {
        if (id.session() >= geometry.sessions()) {
            throw new IllegalArgumentException(
                    id + " is of another pool: this one has " + geometry.sessions() + " sessions");
        }
        final Lane lane = acquire();
        try {
            final long offset = geometry.sessionOffset(id.session()) + SessionDescriptor.STATE_OFFSET;
            final int read = lane.chain().readWord(offset);
            lane.chain().post(LOOK);
            return SessionDescriptor.isOver(lane.chain().result(read), offset, id.incarnation());
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
        if (exhausted instanceof SlabsOverdueException) {
            awaitPublication((SlabsOverdueException) exhausted);
            return;
        }
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

    /** The blade may be stopped, or about to come back: nobody's epoch is held back meanwhile. */
    private void awaitPublication(final SlabsOverdueException overdue) {
        final long deadline = System.nanoTime() + slabClient.patienceNs();
        for (; ; ) {
            final Lane lane = acquire();
            try {
                if (slabClient.isAnswered(lane, overdue)) {
                    return;
                }
                if (System.nanoTime() - deadline > 0) {
                    throw slabClient.notPublished(lane, overdue);
                }
            } finally {
                release(lane);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /**
     * What scattered blocks waste, about: of slabs that are neither empty nor full, what is free.
     *
     * @return bytes
     */
    public long scatteredBytes() {
        long bytes = 0;
        for (final Lane lane : lanes) {
            final LaneAllocator allocator = lane.allocator();
            bytes += allocator.heldBytes() - allocator.emptyBytes() - allocator.liveBytes();
        }
        return bytes;
    }

    /**
     * Begins to empty sparse slabs: nothing is allocated from them until {@link #endCompaction}. The caller moves what is in them; when a slab is empty it
     * goes back to the blade. Lanes that are in use for long are left out.
     *
     * @return bytes of the sparse slabs
     */
    public long beginCompaction() {
        long bytes = 0;
        for (final Lane lane : lanes) {
            if (acquireSoon(lane)) {
                try {
                    lane.allocator().reclaim();
                    bytes += lane.allocator().markSparse();
                } finally {
                    lane.release();
                }
            }
        }
        return bytes;
    }

    /** Takes a lane between two operations of another thread. */
    private static boolean acquireSoon(final Lane lane) {
        final long from = System.nanoTime();
        while (!lane.tryAcquire()) {
            if (System.nanoTime() - from > LANE_PATIENCE_NS) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    /**
     * Tells whether a block is in a slab that is being emptied.
     *
     * @param ref reference of the block
     * @return false also for a block of another session's slab
     */
    public boolean isInSparseSlab(final long ref) {
        final Slab slab = slabAt(ref);
        return slab != null && slab.sparse;
    }

    /** Ends what {@link #beginCompaction} began, and gives empty slabs back to the blade. */
    public void endCompaction() {
        for (final Lane lane : lanes) {
            if (acquireSoon(lane)) {
                try {
                    lane.allocator().unmarkSparse();
                } finally {
                    lane.release();
                }
            }
        }
        sweepLanes(true);
    }

    /** First every lane gives back what it freed of others' slabs, then every lane looks what it has. */
    void sweepLanes() {
        sweepLanes(false);
    }

    private void sweepLanes(final boolean isPatient) {
        for (int pass = 0; pass < 2; pass++) {
            for (final Lane lane : lanes) {
                if (isPatient ? acquireSoon(lane) : lane.tryAcquire()) {
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
    }

    /**
     * Makes every lane read its size stripes anew at its next commit. To be called whenever a structure is opened: where
     * its stripes are, another structure, dropped by another worker, may have had its own.
     */
    public void forgetStripes() {
        structuresOpened.incrementAndGet();
    }

    /** Looks which structures are gone, whenever any was dropped. Called by the session's conductor. */
    @FunctionalInterface
    public interface DropListener {
        /**
         * Some structure of the pool was dropped, or its memory became free.
         *
         * @param words reads a word of the pool; take no lane in here
         */
        void onDrop(LongUnaryOperator words);
    }

    /**
     * Sets who looks. A structure that is opened while this runs must be looked at once more after it can be seen by the
     * listener.
     *
     * @param listener the only one
     */
    public void dropListener(final DropListener listener) {
        dropListener = listener;
    }

    DropListener dropListener() {
        return dropListener;
    }

    int structuresOpened() {
        return structuresOpened.get();
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
     * Who this is.
     *
     * @return line and incarnation
     */
    public SessionId id() {
        return new SessionId(index, incarnation);
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

    /**
     * What this session's allocator did so far and holds: no round trip. Exact while no operation is under way.
     *
     * @return figures over all lanes
     */
    public AllocatorStatistics allocatorStatistics() {
        long allocations = 0;
        long live = 0;
        long held = slabClient.reservedBytes();
        for (final Lane lane : lanes) {
            allocations += lane.allocator().allocations();
            live += lane.allocator().liveBytes();
            held += lane.allocator().heldBytes();
        }
        long roundTrips = 0;
        for (final Operation operation : AllocatorStatistics.OPERATIONS) {
            roundTrips += count(operation, FabricCounters.Figure.CHAINS);
        }
        return new AllocatorStatistics(allocations, roundTrips, live, held);
    }

    /** Slabs that belong to this session, while no operation is under way. */
    int heldSlabs() {
        int slabs = slabClient.reservedSlabs();
        for (final Lane lane : lanes) {
            slabs += lane.allocator().heldSlabs();
        }
        return slabs;
    }

    boolean isSynchronous() {
        return fabric.isSynchronous();
    }

    String poolName() {
        return fabric.name();
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

    SessionConductor conductor() {
        return conductor;
    }

    SlabSizing slabSizing() {
        return slabSizing;
    }

    /** For measurements beside the sizing of the product. */
    void slabSizing(final SlabSizing sizing) {
        slabSizing = sizing;
    }

    int emptyUnitsThreshold() {
        return emptyUnitsThreshold;
    }

    void emptyUnitsThreshold(final int units) {
        emptyUnitsThreshold = units;
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
        ended = "the heap on " + fabric.name() + " is closed; open another";
        try {
            for (final Lane lane : lanes) {
                while (!lane.tryRetire()) {
                    Thread.yield();
                }
            }
            if (!wasFenced) {
                for (final Lane lane : lanes) {
                    lane.settle();
                    lane.allocator().sealAll();
                }
            }
        } catch (final SessionFencedException e) {
            onLost(e);
        } catch (final PoolUnavailableException e) {
            if (fabric.isSynchronous()) {
                throw e;
            }
            onLost(e);
        } finally {
            end();
        }
    }

    private void onLost(final RuntimeException e) {
        LOGGER.info("{} was out of reach while it was closed: the blade recovers the session", poolName(), e);
    }

    /** Leaves everything as it is, as if the process had died. Nobody holds a lane any more. */
    synchronized void abandon() {
        if (ended == null || fenced) {
            fence("session " + index + " of " + fabric.name() + " was abandoned");
            end();
        }
    }

    private void end() {
        fenced = false;
        Runners.close(conductorRunner);
        for (final Lane lane : lanes) {
            lane.close();
        }
        lock.close();
        fabric.close();
    }
}
