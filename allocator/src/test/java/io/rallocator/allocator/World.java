package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.HeapNvmRegion;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFormat;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolRepair;
import io.rallocator.persistence.SlabTableDescriptor;
import io.rallocator.persistence.Superblock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A blade's agent and sessions that run in one thread, turn by turn, over a pool in this JVM's memory: what happens is the
 * same at each run. Only the locks are files.
 */
final class World implements AutoCloseable {
    private static final int CAPACITY = 4 << 20;
    private static final int MOST_TURNS = 200;
    private static final int REAPER_RESTS = 40;

    final PoolGeometry geometry;
    final HeapNvmRegion region;
    private final Superblock superblock;
    private final Path folder;
    private final Path file;
    private final byte[] empty;
    private final List<WorkerSession> sessions = new ArrayList<>();
    private long nowMs;
    private final ArrayDeque<CrashPoint> agentCrashes = new ArrayDeque<>();
    private BladeAgent agent;
    private StructureReaper reaper;

    /** Turns in which the reaper does nothing, after a crash: time for others to use what it freed. */
    private int reaperRests;

    World(final PoolGeometry geometry) {
        try {
            folder = Files.createTempDirectory("rallocator-world");
            file = Files.createFile(folder.resolve("pool"));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        this.geometry = geometry;
        region = new HeapNvmRegion((int) geometry.capacity());
        superblock = Superblock.create(geometry, true);
        PoolFormat.format(region, geometry);
        superblock.writeTo(region);
        empty = region.snapshot();
        restart();
    }

    /** Slabs of three blocks of a kilobyte, a ring of eight, few of everything. */
    static World small() {
        return of(4096);
    }

    /** The same with other slab classes. */
    static World of(final int... slabClassBytes) {
        return new World(PoolGeometry.of(CAPACITY, slabClassBytes, 8, 4, 2, 32));
    }

    /** Begins again with an empty pool. */
    void restart() {
        restart(empty);
    }

    /** Begins again with the bytes of a {@link #snapshot}. */
    void restart(final byte[] bytes) {
        List.copyOf(sessions).forEach(this::kill);
        region.restore(bytes);
        nowMs = 1_000;
        agentCrashes.clear();
        startAgent();
        agentTurn();
    }

    byte[] snapshot() {
        return region.snapshot();
    }

    /** Repairs what is damaged, while nobody uses the pool. */
    CheckReport repair() {
        return PoolRepair.repair(region, superblock);
    }

    /** From now on, the agents' crash points in turn: a fresh agent is started after each. */
    void crashAgent(final CrashPoint... points) {
        agentCrashes.addAll(List.of(points));
        startAgent();
    }

    int agentCrashesLeft() {
        return agentCrashes.size();
    }

    /** Starts a fresh blade agent, which recovers whatever is dead. */
    private void startAgent() {
        for (; ; ) {
            final CrashPoint crash =
                    agentCrashes.isEmpty() ? new CrashPoint(CrashPoint.NEVER) : agentCrashes.removeFirst();
            final CrashingRegion memory = new CrashingRegion(region, crash);
            agent = new BladeAgent(file, memory, geometry, () -> nowMs);
            reaper = new StructureReaper(memory, geometry, () -> nowMs);
            try {
                agent.recover();
                return;
            } catch (final Crash e) {
                // the next one goes on
            }
        }
    }

    WorkerSession open(final String name) {
        return open(name, new CrashPoint(CrashPoint.NEVER), false);
    }

    WorkerSession open(final String name, final CrashPoint crash, final boolean tear) {
        final WorkerSession session = WorkerSession.open(
                file, region, geometry, name, memory -> new CrashingQueuePair(memory, crash, tear), false);
        add(session);
        return session;
    }

    /** A session over the fabric of the product, which counts all figures, and does not die. */
    WorkerSession openCounting(final String name) {
        final WorkerSession session = WorkerSession.open(file, region, geometry, name, LocalQueuePair::new, false);
        add(session);
        return session;
    }

    Path file() {
        return file;
    }

    /** Takes in a session that was opened elsewhere. */
    void add(final WorkerSession session) {
        session.slabClient().patience(0, 0);
        sessions.add(session);
    }

    /** Opens the cells of a session that waits for memory by letting the others have their turns. */
    Cells cells(final WorkerSession session, final int root, final int count) {
        final Cells cells = Cells.open(session, root, count);
        cells.waiting = this::await;
        return cells;
    }

    private void await(final OutOfRemoteMemoryException exhausted, final int attempt) {
        final boolean answered = !(exhausted instanceof SlabsOverdueException);
        if (answered && attempt >= 2 || attempt > 10) {
            throw exhausted;
        }
        turns(answered ? 10 : 1);
    }

    /** Everybody's background duty, once. */
    void turn() {
        for (final WorkerSession session : List.copyOf(sessions)) {
            session.conductor().doWork();
        }
        agentTurn();
    }

    /** The blade's duty alone, enough time after the last that it does everything. */
    void agentTurn() {
        nowMs += 60;
        try {
            agent.doWork();
            if (--reaperRests < 0) {
                reaper.doWork();
            }
        } catch (final Crash e) {
            reaperRests = REAPER_RESTS;
            startAgent();
        }
    }

    /** The duty of every session but one, which sleeps. */
    void othersTurn(final Cells sleeper) {
        for (final WorkerSession session : sessions) {
            if (sleeper == null || session != sleeper.session()) {
                session.conductor().doWork();
            }
        }
    }

    void conductorTurns() {
        for (final WorkerSession session : sessions) {
            session.conductor().doWork();
        }
    }

    void turns(final int count) {
        for (int i = 0; i < count; i++) {
            turn();
        }
    }

    /** The session's process dies. */
    void kill(final WorkerSession session) {
        sessions.remove(session);
        session.abandon();
    }

    void close(final WorkerSession session) {
        sessions.remove(session);
        session.close();
    }

    /** Turns until no session is left that nobody uses, and what it gave back is free. */
    void settle() {
        for (int i = 0; i < MOST_TURNS; i++) {
            turn();
        }
    }

    long globalEpoch() {
        return CheckedWord.payload(region.readLong(PoolGeometry.epochOffset()), "epoch", PoolGeometry.epochOffset());
    }

    /** The same, after verifying that every session knows of every slab that the slab table says it owns. */
    CheckReport checkAll(final String what) {
        for (final WorkerSession session : sessions) {
            checkOwner(session, what);
        }
        return check(what);
    }

    private void checkOwner(final WorkerSession session, final String what) {
        agentTurn();
        int owned = 0;
        long bytes = 0;
        for (int unit = 0; unit < geometry.units(); unit++) {
            final long owner = region.readLong(geometry.slabEntryOffset(unit));
            if (SlabTableDescriptor.state(owner) == SlabTableDescriptor.OWNED
                    && SlabTableDescriptor.session(owner) == session.index()) {
                final long info = region.readLong(geometry.slabEntryOffset(unit) + SlabTableDescriptor.INFO_OFFSET);
                owned++;
                bytes += geometry.slabBytes(SlabTableDescriptor.slabClass(info));
            }
        }
        assertThat(session.allocatorStatistics().heldBytes())
                .as("%s: bytes that session %d holds", what, session.index())
                .isEqualTo(bytes);
        assertThat(owned)
                .as("%s: slabs of session %d in the slab table", what, session.index())
                .isEqualTo(session.heldSlabs());
    }

    /** What the checker says while sessions live, or are dead and not recovered. */
    CheckReport look() {
        return PoolChecker.check(region, superblock, true);
    }

    /** Ends what is left, and verifies that nothing is leaked, allocated twice or damaged, and sizes are exact. */
    CheckReport check(final String what) {
        for (final WorkerSession session : List.copyOf(sessions)) {
            close(session);
        }
        agentTurn();
        final CheckReport report = PoolChecker.check(region, superblock, true);
        assertThat(report.clean()).as("%s: %s", what, report).isTrue();
        assertThat(report.unsettledBlocks()).as("%s: %s", what, report).isZero();
        assertThat(report.unknownBlocks()).as("%s: %s", what, report).isZero();
        assertThat(report.sessions()).as("%s: sessions that are not free", what).allMatch(line -> line.state() == 0);
        return report;
    }

    @Override
    public void close() {
        for (final WorkerSession session : List.copyOf(sessions)) {
            kill(session);
        }
        TestPool.delete(folder);
    }
}
