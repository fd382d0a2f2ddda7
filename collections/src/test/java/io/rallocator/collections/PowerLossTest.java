package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.RecordedBlade;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RecordedDisk;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Workers use a pool of durability POWER over the real mapping and its group commit; the disk notes what each sync made it
 * keep. Then power is lost after this sync or that, with any part of what came later: whatever a call had returned by then,
 * its own change or another worker's that it saw, is there (I1, I8), and nothing is leaked or damaged (I11).
 */
@Timeout(300)
class PowerLossTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_261_123);
    private static final int STEPS = Integer.getInteger("rallocator.iterations", 120);
    private static final int WORKERS = 3;
    private static final int KEYS = 2;
    private static final int LOOKS = 4;
    private static final int LOSSES = 60;

    /** What one worker knows to be so once {@code syncs} syncs were done; versions of a key go up. */
    private record Fact(int syncs, String key, long version, boolean own) {}

    /** An element that was polled. */
    private record Polled(int syncs, long element) {}

    /** A job that was begun to be acknowledged, and with {@link #NEVER} whose acknowledgement has not returned. */
    private static final int NEVER = Integer.MAX_VALUE;

    /** One worker: writes its own keys, reads everybody's, offers its own numbers and polls anybody's. */
    private static final class Worker implements Callable<Worker> {
        private final int number;
        private final RecordedDisk disk;
        private final RemoteMap<String, Long> map;
        private final RemoteQueue<Long> queue;
        private final RemoteLongArray longs;
        private final Random random;
        private final List<Fact> facts = new ArrayList<>();
        private final List<Fact> offered = new ArrayList<>();
        private final List<Polled> polled = new ArrayList<>();
        private final RemoteQueue<Long> jobs;
        private final List<Fact> jobsOffered = new ArrayList<>();
        private final List<Polled> jobsDone = new ArrayList<>();

        Worker(final int number, final RemoteHeap heap, final RecordedDisk disk) {
            this.number = number;
            this.disk = disk;
            map = heap.map("map", Codecs.string(), Codecs.longs());
            queue = heap.queue("queue", Codecs.longs());
            longs = heap.longArray("longs", WORKERS);
            jobs = heap.boundedQueue("jobs", Codecs.longs(), 10_000);
            random = new Random(SEED + number);
        }

        @Override
        public Worker call() {
            for (int step = 1; step <= STEPS; step++) {
                final String key = number + " " + random.nextInt(KEYS);
                map.put(key, (long) step);
                facts.add(new Fact(disk.completedSyncs(), key, step, true));
                for (int i = 0; i < LOOKS; i++) {
                    look();
                }
                if (step % 3 == 0) {
                    final long element = number * 1_000_000L + step;
                    queue.add(element);
                    offered.add(new Fact(disk.completedSyncs(), "", element, true));
                }
                if (step % 4 == number) {
                    poll();
                }
                if (step % 5 == 0) {
                    offerJobs(step);
                }
                if (step % 3 == number % 3) {
                    doJob();
                }
                longs.set(number, step);
                facts.add(new Fact(disk.completedSyncs(), "long " + number, step, true));
            }
            return this;
        }

        private void offerJobs(final int step) {
            final List<Long> batch = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                batch.add(number * 1_000_000L + step * 10L + i);
            }
            jobs.addAll(batch);
            batch.forEach(job -> jobsOffered.add(new Fact(disk.completedSyncs(), "", job, true)));
        }

        /** One of three is kept, one is given back. */
        private void doJob() {
            final Lease<Long> lease = jobs.tryReceive();
            if (lease == null) {
                return;
            }
            switch (random.nextInt(3)) {
                case 0 -> {
                    // this heap is closed with it
                }
                case 1 -> lease.release();
                default -> {
                    jobsDone.add(new Polled(NEVER, lease.element()));
                    assertThat(lease.acknowledge()).isTrue();
                    jobsDone.add(new Polled(disk.completedSyncs(), lease.element()));
                }
            }
        }

        private void look() {
            final int whose = random.nextInt(WORKERS);
            final String key = whose + " " + random.nextInt(KEYS);
            final Long seen = map.get(key);
            if (seen != null) {
                facts.add(new Fact(disk.completedSyncs(), key, seen, false));
            }
            final long last = longs.get(whose);
            facts.add(new Fact(disk.completedSyncs(), "long " + whose, last, false));
        }

        private void poll() {
            final Long element = queue.poll();
            if (element != null) {
                polled.add(new Polled(disk.completedSyncs(), element));
            }
        }
    }

    @Test
    void shouldKeepWhateverACallReturnedWhenPowerIsLostAtAnyMoment() throws Exception {
        try (TestPool pool = TestPool.missing()) {
            final PoolGeometry geometry = PoolGeometry.of(4 << 20, new int[] {1 << 16}, 8, 4, 4, 8);
            RecordedDisk.createPool(pool.file(), geometry);
            final List<Worker> workers;
            final RecordedDisk disk;
            try (RecordedBlade blade = new RecordedBlade(pool.file())) {
                disk = blade.disk();
                workers = work(blade);
            }
            final Random random = new Random(SEED);
            final List<Integer> early = seenEarly(workers);
            Collections.shuffle(early, random);
            for (int loss = 0; loss < LOSSES; loss++) {
                final boolean isEarly = loss % 2 == 0 && loss / 2 < early.size();
                final int syncs = isEarly ? early.get(loss / 2) : random.nextInt(disk.completedSyncs() + 1);
                final int odds = isEarly ? 1 : new int[] {0, 1, 2, 2, 10}[random.nextInt(5)];
                final String what = "power lost after sync " + syncs + " of " + disk.completedSyncs()
                        + ", of what came later " + (odds == 0 ? "all" : "all but one word in " + odds)
                        + " was kept, seed "
                        + SEED;
                Files.write(pool.file(), disk.afterPowerLoss(syncs, random, odds));
                verify(pool, workers, syncs, what);
            }
        }
    }

    private static List<Worker> work(final RecordedBlade blade) throws Exception {
        final ExecutorService executor = Executors.newFixedThreadPool(WORKERS);
        final List<RemoteHeap> heaps = new ArrayList<>();
        try {
            final List<Worker> workers = new ArrayList<>();
            for (int i = 0; i < WORKERS; i++) {
                final WorkerSession session = blade.open("worker " + i);
                heaps.add(new PoolHeap("recorded", session, null, null));
                workers.add(new Worker(i, heaps.get(i), blade.disk()));
            }
            for (final Future<Worker> future : executor.invokeAll(workers)) {
                future.get();
            }
            return workers;
        } finally {
            executor.shutdown();
            heaps.forEach(RemoteHeap::close);
        }
    }

    /** After which syncs somebody had seen what its writer was still waiting for. */
    private static List<Integer> seenEarly(final List<Worker> workers) {
        final Map<String, Integer> returned = new HashMap<>();
        for (final Worker worker : workers) {
            worker.facts.stream()
                    .filter(Fact::own)
                    .forEach(fact -> returned.put(fact.key + "=" + fact.version, fact.syncs));
        }
        final List<Integer> early = new ArrayList<>();
        for (final Worker worker : workers) {
            for (final Fact fact : worker.facts) {
                if (fact.syncs < returned.getOrDefault(fact.key + "=" + fact.version, 0)) {
                    early.add(fact.syncs);
                }
            }
        }
        return early;
    }

    private static void verify(final TestPool pool, final List<Worker> workers, final int syncs, final String what) {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<String, Long> map = heap.map("map", Codecs.string(), Codecs.longs());
            final RemoteLongArray longs = heap.longArray("longs", WORKERS);
            for (final Worker worker : workers) {
                for (final Fact fact : worker.facts) {
                    if (fact.syncs <= syncs) {
                        final long found = fact.key.startsWith("long ")
                                ? longs.get(Integer.parseInt(fact.key.substring(5)))
                                : map.getOrDefault(fact.key, 0L);
                        assertThat(found).as("%s: %s", what, fact).isGreaterThanOrEqualTo(fact.version);
                    }
                }
            }
            assertThat(map.sizeLong())
                    .as(what)
                    .isEqualTo(map.entrySet().stream().count());
            verifyQueue(heap.queue("queue", Codecs.longs()), workers, syncs, what);
            verifyJobs(heap.boundedQueue("jobs", Codecs.longs(), 10_000), workers, syncs, what);
        }
        final CheckReport report = PoolChecker.check(pool.file());
        assertThat(report.clean()).as("%s: %s", what, report).isTrue();
    }

    private static void verifyQueue(
            final RemoteQueue<Long> queue, final List<Worker> workers, final int syncs, final String what) {
        final Set<Long> there = new HashSet<>();
        queue.forEach(element ->
                assertThat(there.add(element)).as("%s: %d twice", what, element).isTrue());
        final Set<Long> mayBeGone = new HashSet<>();
        for (final Worker worker : workers) {
            for (final Polled polled : worker.polled) {
                mayBeGone.add(polled.element);
                if (polled.syncs <= syncs) {
                    assertThat(there).as("%s: %s", what, polled).doesNotContain(polled.element);
                }
            }
        }
        for (final Worker worker : workers) {
            for (final Fact offer : worker.offered) {
                if (offer.syncs <= syncs && !mayBeGone.contains(offer.version)) {
                    assertThat(there).as("%s: %s", what, offer).contains(offer.version);
                }
            }
        }
    }

    /** Each job is there, or leased to somebody who is gone and so delivered again, until its acknowledgement has begun. */
    private static void verifyJobs(
            final RemoteQueue<Long> jobs, final List<Worker> workers, final int syncs, final String what) {
        final Set<Long> there = new HashSet<>();
        for (Lease<Long> lease = jobs.tryReceive(); lease != null; lease = jobs.tryReceive()) {
            assertThat(there.add(lease.element()))
                    .as("%s: job %d twice", what, lease.element())
                    .isTrue();
            assertThat(lease.acknowledge()).as(what).isTrue();
        }
        assertThat(jobs.remainingCapacity()).as(what).isEqualTo(10_000);
        final Set<Long> mayBeDone = new HashSet<>();
        for (final Worker worker : workers) {
            for (final Polled done : worker.jobsDone) {
                mayBeDone.add(done.element);
                if (done.syncs <= syncs) {
                    assertThat(there).as("%s: %s", what, done).doesNotContain(done.element);
                }
            }
        }
        for (final Worker worker : workers) {
            for (final Fact offer : worker.jobsOffered) {
                if (offer.syncs <= syncs && !mayBeDone.contains(offer.version)) {
                    assertThat(there).as("%s: job %s", what, offer).contains(offer.version);
                }
            }
        }
    }
}
