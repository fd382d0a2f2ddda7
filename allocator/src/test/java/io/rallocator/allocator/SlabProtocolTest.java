package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RingDescriptor;
import io.rallocator.persistence.SlabTableDescriptor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The coarse tier: budgets, tickets, exhaustion (I4 … I6, trap 11). */
@Timeout(60)
class SlabProtocolTest {
    private static final Operation ACQUIRE = Operation.named("slab.acquire");
    private static final int SMALL = 0;

    private static long chains(final WorkerSession session) {
        return session.count(ACQUIRE, Figure.CHAINS);
    }

    private static long allChains(final WorkerSession session) {
        return Operation.all().stream()
                .mapToLong(operation -> session.count(operation, Figure.CHAINS))
                .sum();
    }

    private static long word(final World world, final long offset) {
        return world.region.readLong(offset);
    }

    private static long sequencer(final World world) {
        return word(world, world.geometry.ringOffset(SMALL) + RingDescriptor.SEQUENCER_OFFSET);
    }

    private static long published(final World world) {
        return word(world, world.geometry.ringOffset(SMALL) + RingDescriptor.PUBLISHED_OFFSET)
                & CheckedWord.PAYLOAD_MASK;
    }

    private static int acquire(final WorkerSession session) {
        return acquire(session, SMALL);
    }

    private static int acquire(final WorkerSession session, final int slabClass) {
        final Lane lane = session.acquire();
        try {
            return RingDescriptor.slabUnit(session.slabClient().acquire(lane, slabClass, true));
        } finally {
            session.release(lane);
        }
    }

    /** Lets the blade answer whatever it has not answered. */
    private static int acquireEventually(final World world, final WorkerSession session) {
        return acquireEventually(world, session, SMALL);
    }

    private static int acquireEventually(final World world, final WorkerSession session, final int slabClass) {
        for (; ; ) {
            try {
                return acquire(session, slabClass);
            } catch (final SlabsOverdueException e) {
                world.agentTurn();
            }
        }
    }

    @Test
    void shouldTakeABatchOfSlabsInTwoRoundTrips() {
        try (World world = new World(PoolGeometry.of(8 << 20, new int[] {4096}, 64, 3, 2, 8))) {
            final WorkerSession session = world.open("taker");
            final Set<Integer> units = new HashSet<>();
            int batch = 0;
            int largest = 0;
            for (int i = 0; i < 100; i++) {
                world.agentTurn();
                final long before = chains(session);
                units.add(acquireEventually(world, session));
                final long cost = chains(session) - before;
                if (cost == 2) {
                    largest = Math.max(largest, batch);
                    batch = 1;
                } else if (cost == 0) {
                    batch++;
                } else {
                    batch = -1_000; // a ticket had to wait: its batch is not a clean one
                }
            }
            assertThat(units).hasSize(100);
            assertThat(largest)
                    .as("slabs of the largest batch that cost two chains")
                    .isEqualTo(8);
            assertThat(chains(session)).as("amortized").isLessThan(100);
            world.check("batches");
        }
    }

    @Test
    void shouldAllocateBlocksWithoutAnyRoundTripWhileASlabHasRoom() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("allocator");
            final Lane lane = session.acquire();
            long slabs = 0;
            for (int i = 0; i < 1_000; i++) {
                world.agentTurn();
                final long before = allChains(session);
                lane.allocate(32);
                final long cost = allChains(session) - before;
                slabs += cost == 0 ? 0 : 1;
                assertThat(cost).isIn(0L, 2L);
            }
            assertThat(slabs).isBetween(4L, 1_000L / 100);
            session.release(lane);
        }
    }

    @Test
    void shouldKeepATicketThatIsNotPublishedYet() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("waiter");
            while (sequencer(world) < published(world)) {
                acquire(session);
            }
            assertThatThrownBy(() -> acquire(session)).isInstanceOf(SlabsOverdueException.class);
            final long given = sequencer(world);
            assertThat(session.slabClient().heldTickets(SMALL)).isPositive();
            assertThatThrownBy(() -> acquire(session)).isInstanceOf(SlabsOverdueException.class);
            assertThat(sequencer(world)).as("no new ticket while one is held").isEqualTo(given);
            world.agentTurn();
            acquire(session);
            assertThat(sequencer(world)).isEqualTo(given);
            world.check("tickets");
        }
    }

    /** Threads that wait together once took new tickets each time when another had the old ones in its hands. */
    @Test
    void shouldHoldFewTicketsHoweverLongManyThreadsWaitForTheBlade() throws Exception {
        final int threads = 4;
        try (World world = new World(PoolGeometry.of(4 << 20, new int[] {4096}, 8, 4, threads, 8))) {
            final WorkerSession session = world.open("crowd");
            final ExecutorService crowd = Executors.newFixedThreadPool(threads);
            final Callable<Void> waiter = () -> {
                for (int round = 0; round < 2_000; round++) {
                    askOnce(session);
                }
                return null;
            };
            try {
                for (final Future<Void> end : crowd.invokeAll(Collections.nCopies(threads, waiter))) {
                    end.get();
                }
            } finally {
                crowd.shutdownNow();
            }
            assertThat(session.slabClient().heldTickets(SMALL)).isBetween(1, 8 * threads);
            world.check("crowd");
        }
    }

    private static void askOnce(final WorkerSession session) {
        final Lane lane = session.acquire();
        try {
            session.slabClient().acquire(lane, SMALL, false);
        } catch (final SlabsOverdueException e) {
            assertThat(e).hasMessageContaining("has not answered ticket");
        } finally {
            session.release(lane);
        }
    }

    /** The CAS succeeded and its completion was lost: the session asks again and finds its own claim. */
    @Test
    void shouldTakeItsOwnRepeatedClaimForSuccess() {
        try (World world = World.small()) {
            final boolean[] fails = {false};
            final WorkerSession session = WorkerSession.open(
                    world.file(),
                    world.region,
                    world.geometry,
                    "repeater",
                    region -> new LosingQueuePair(region, fails),
                    false);
            world.add(session);
            fails[0] = true;
            assertThatThrownBy(() -> acquire(session)).isInstanceOf(Crash.class);
            assertThatThrownBy(() -> acquire(session)).isInstanceOf(Crash.class);
            fails[0] = false;
            final long given = sequencer(world);
            final int unit = acquire(session);
            assertThat(sequencer(world)).isEqualTo(given);
            world.agentTurn();
            assertThat(unit).isNotEqualTo(acquire(session));
            world.check("repeated claim");
        }
    }

    /** Executes claims, and then says that they failed. */
    private static final class LosingQueuePair implements QueuePair {
        private final LocalQueuePair local;
        private final boolean[] fails;

        LosingQueuePair(final NvmRegion region, final boolean[] fails) {
            this.local = new LocalQueuePair(region);
            this.fails = fails;
        }

        @Override
        public void execute(final Chain chain, final Operation operation) {
            local.execute(chain, operation);
            if (fails[0] && chain.kind(0) == Chain.COMPARE_AND_SWAP) {
                throw new Crash("a completion was lost");
            }
        }

        @Override
        public FabricCounters counters() {
            return local.counters();
        }

        @Override
        public void close() {
            local.close();
        }
    }

    /**
     * A worker sleeps before each verb of a hand-out in turn, for so long that the ring goes round three times: it gets no
     * slab that another one got (I4).
     */
    @Test
    void shouldNeverOwnASlabTwiceWhereverAWorkerSleeps() {
        try (World world = World.small()) {
            PausePoint pause;
            long k = 0;
            do {
                world.restart();
                final Set<Integer> units = new HashSet<>();
                final WorkerSession other = world.open("other");
                pause = new PausePoint(k, () -> {
                    for (int i = 0; i < 3 * world.geometry.ringCapacity(); i++) {
                        world.agentTurn();
                        assertThat(units.add(acquireEventually(world, other))).isTrue();
                    }
                });
                final WorkerSession sleeper = world.open("sleeper", pause, false);
                for (int i = 0; i < 6; i++) {
                    world.agentTurn();
                    final int unit = acquireEventually(world, sleeper);
                    assertThat(units.add(unit)).as("sleeping before verb %d", k).isTrue();
                }
                world.check("sleeping before verb " + k);
                k++;
            } while (pause.isReached());
            assertThat(k).isGreaterThan(20);
        }
    }

    /** The slab of a ticket that nobody claims is taken back when memory runs out, and a late claim fails cleanly (I5). */
    @Test
    void shouldTakeBackWhatADeadWorkerNeverClaimedWhenMemoryRunsOut() {
        try (World world = World.of(4096, 1 << 20)) { // three large slabs: the ring does not go round
            final int large = 1;
            final long ring = world.geometry.ringOffset(large);
            final WorkerSession dead = world.open("dead");
            final Lane lane = dead.acquire();
            lane.chain().fetchAndAdd(ring + RingDescriptor.SEQUENCER_OFFSET, 2);
            lane.chain().post(ACQUIRE);
            world.agentTurn();
            final WorkerSession hungry = world.open("hungry");
            final Set<Integer> units = new HashSet<>();
            for (int i = 0; i < 3; i++) {
                assertThat(units.add(acquireEventually(world, hungry, large))).isTrue();
            }
            final int late = lane.chain()
                    .compareAndSwap(
                            ring + RingDescriptor.SLOTS_OFFSET,
                            RingDescriptor.claimWord(0, RingDescriptor.PUBLISHED),
                            RingDescriptor.claimWord(0, RingDescriptor.CLAIMED, dead.index(), dead.incarnation()));
            lane.chain().post(ACQUIRE);
            assertThat(lane.chain().result(late)).isEqualTo(RingDescriptor.claimWord(0, RingDescriptor.WITHDRAWN));
            dead.release(lane);
            world.check("taken back");
        }
    }

    private static Set<Integer> takeAll(final World world, final WorkerSession session) {
        final Set<Integer> units = new HashSet<>();
        int refused = 0;
        while (refused < 3) {
            world.agentTurn();
            try {
                assertThat(units.add(acquireEventually(world, session))).isTrue();
            } catch (final OutOfRemoteMemoryException e) {
                refused++;
            }
        }
        return units;
    }

    /** Free units are there, but no run for a large slab: small slabs that wait for nobody must not hide that (I6). */
    @Test
    void shouldRefuseALargeSlabInBoundedTimeWhenTheRestIsFragmented() {
        try (World world = World.of(4096, 65536)) {
            final WorkerSession session = world.open("fragmenter");
            final List<Integer> units = new ArrayList<>(takeAll(world, session));
            final Lane lane = session.acquire();
            for (final int unit : units) {
                if (unit % 16 != 0) {
                    final int generation =
                            SlabTableDescriptor.generation(word(world, world.geometry.slabEntryOffset(unit)));
                    final Slab slab = new Slab(world.geometry, unit, SMALL, generation, 0, lane.allocator());
                    while (!session.slabClient().free(lane, slab)) {
                        world.agentTurn();
                    }
                }
            }
            session.release(lane);
            world.turns(10);
            final Lane again = session.acquire();
            assertThatThrownBy(() -> session.slabClient().acquire(again, 1, true))
                    .isInstanceOf(SlabsOverdueException.class);
            world.agentTurn();
            assertThatThrownBy(() -> session.slabClient().acquire(again, 1, true))
                    .isInstanceOf(OutOfRemoteMemoryException.class)
                    .isNotInstanceOf(SlabsOverdueException.class)
                    .hasMessageContaining("65536 bytes left");
            session.release(again);
            acquireEventually(world, session);
            world.check("fragmented");
        }
    }

    @Test
    void shouldRefuseWithFiguresWhenFullAndWorkAgainAfterFrees() {
        try (TestPool pool = TestPool.ofMebibytes(4);
                Blade blade = Blade.open(pool.file);
                WorkerSession session = WorkerSession.embedded(blade, "full")) {
            final int count = 2_000;
            final Cells cells = Cells.open(session, 1, count);
            for (int round = 0; round < 3; round++) {
                int filled = 0;
                try {
                    while (filled < count) {
                        cells.put(filled, filled, 4_000);
                        filled++;
                    }
                } catch (final OutOfRemoteMemoryException e) {
                    assertThat(e).hasMessageContaining("slab bytes are free").hasMessageContaining("capacity 4194304");
                }
                assertThat(filled).isBetween(500, 1_100);
                for (int cell = 0; cell < filled; cell++) {
                    assertThat(cells.get(cell)).isEqualTo(cell);
                }
                for (int cell = 0; cell < filled; cell++) {
                    cells.remove(cell);
                }
                assertThat(cells.size()).isZero();
            }
        }
    }

    /** I6, I9: a stopped blade is noticed only when the published slabs are used up; what is stored stays usable. */
    @Test
    void shouldGoOnWithoutABladeWhilePublishedSlabsLast() {
        try (TestPool pool = TestPool.ofMebibytes(8);
                PoolLock blade = BladeGate.become(pool.file);
                PoolLock serving = BladeGate.serve(pool.file);
                NvmRegion region = PoolFile.map(pool.file, PoolFile.readSuperblock(pool.file))) {
            assertThat(blade).isNotNull();
            assertThat(serving).isNotNull();
            final BladeAgent agent = new BladeAgent(pool.file, region, pool.geometry, System::currentTimeMillis);
            agent.recover();
            agent.doWork();
            final int count = 2_000;
            int done = 0;
            try (WorkerSession session = WorkerSession.attach(pool.file, "alone")) {
                session.slabClient().patience(1_000_000, 50_000_000);
                final Cells cells = Cells.open(session, 1, count);
                cells.put(0, 0, 500);
                agent.doWork();
                cells.remove(0);
                agent.doWork(); // its last
                try {
                    for (; done < count; done++) {
                        cells.put(done, done, 500);
                    }
                } catch (final PoolUnavailableException e) {
                    assertThat(e).hasMessageContaining("last heartbeat");
                }
                assertThat(done).isBetween(5, count - 1);
                final long epoch = session.globalEpoch();
                for (int cell = 0; cell < done; cell++) {
                    assertThat(cells.get(cell)).isEqualTo(cell);
                }
                final int removed = Math.min(done, 100); // tombstones have to fit their slab
                for (int cell = 0; cell < removed; cell++) {
                    cells.remove(cell);
                }
                while (session.globalEpoch() < epoch + 5) {
                    Thread.onSpinWait(); // the epochs go on, so what was freed is used again
                }
                for (int cell = 0; cell < removed; cell++) {
                    cells.put(cell, -cell, 500);
                }
            }
            agent.doWork();
            agent.recover();
        }
    }

    @Test
    void shouldNeverOwnASlabTwiceWhenSessionsCompete() throws InterruptedException, ExecutionException {
        final Set<Integer> owned = ConcurrentHashMap.newKeySet();
        final ExecutorService executor = Executors.newFixedThreadPool(3);
        try (TestPool pool = TestPool.ofMebibytes(4)) {
            int acquired = 0;
            try (Blade blade = Blade.open(pool.file)) {
                final List<Future<Integer>> results = new ArrayList<>();
                for (int thread = 0; thread < 3; thread++) {
                    results.add(executor.submit(competitor(blade, owned, thread)));
                }
                for (final Future<Integer> result : results) {
                    acquired += result.get();
                }
            } finally {
                executor.shutdown();
            }
            assertThat(acquired).isGreaterThan(1_000);
            pool.check();
        }
    }

    private static Callable<Integer> competitor(final Blade blade, final Set<Integer> owned, final int name) {
        return () -> {
            int acquired = 0;
            try (WorkerSession session = WorkerSession.embedded(blade, "competitor " + name)) {
                for (int i = 0; i < 1_500; i++) {
                    final Lane lane = session.acquire();
                    try {
                        final long word = session.slabClient().acquire(lane, SMALL, true);
                        final int unit = RingDescriptor.slabUnit(word);
                        assertThat(owned.add(unit)).as("unit %d", unit).isTrue();
                        acquired++;
                        final Slab slab = new Slab(
                                blade.geometry(),
                                unit,
                                SMALL,
                                RingDescriptor.slabGeneration(word),
                                0,
                                lane.allocator());
                        assertThat(owned.remove(unit)).isTrue();
                        session.slabClient().free(lane, slab); // else it stays ours, and out of use
                    } catch (final OutOfRemoteMemoryException e) {
                        // others have everything, or the blade is slow
                    } finally {
                        session.release(lane);
                    }
                }
            }
            return acquired;
        };
    }
}
