package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.PoolChecker;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, killed with SIGKILL at random moments: every acknowledged operation is there, nothing leaks. */
class KillIT {
    private static final int WORKERS = 2;
    private static final int KILLS = 16;
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);

    @TempDir
    private Path folder;

    private final long seed = Long.getLong("rallocator.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final long[] next = new long[WORKERS];
    private final Map<Long, List<Long>> uncertain = new HashMap<>();

    @Test
    void shouldKeepEveryAcknowledgedOperationWhenWorkersAreKilled() throws Exception {
        System.out.println("KillIT seed " + seed + "; replay with -Drallocator.seed=" + seed);
        final Path pool = folder.resolve("pool");
        final Map<Long, List<Long>> offered = new HashMap<>();
        try (RemoteHeap heap = RemoteHeap.open("embedded:" + pool + "?size=64m")) {
            final RemoteMap<String, byte[]> map = heap.map("kill-map", Codecs.string(), Codecs.bytes());
            final RemoteQueue<String> queue = heap.queue("kill-queue", Codecs.string());
            final Process[] workers = new Process[WORKERS];
            try {
                for (int worker = 0; worker < WORKERS; worker++) {
                    workers[worker] = start(pool, worker);
                }
                for (int kill = 0; kill < KILLS; kill++) {
                    final int worker = random.nextInt(WORKERS);
                    final long before = acknowledged(worker);
                    awaitMore(worker, before + 1 + random.nextInt(2000), workers[worker]);
                    workers[worker].destroyForcibly().waitFor();
                    settle(map, worker);
                    workers[worker] = start(pool, worker);
                }
                for (int worker = 0; worker < WORKERS; worker++) {
                    workers[worker].destroyForcibly().waitFor();
                    settle(map, worker);
                }
            } finally {
                for (final Process worker : workers) {
                    if (worker != null) {
                        worker.destroyForcibly();
                    }
                }
            }
            for (String element = queue.poll(); element != null; element = queue.poll()) {
                final String[] parts = element.split(":");
                offered.computeIfAbsent(Long.valueOf(parts[0]), worker -> new ArrayList<>())
                        .add(Long.valueOf(parts[1]));
            }
        }
        for (long worker = 0; worker < WORKERS; worker++) {
            final List<Long> found = offered.getOrDefault(worker, List.of());
            final List<Long> inFlight = uncertain.getOrDefault(worker, List.of());
            assertThat(found).isSorted();
            assertThat(new HashSet<>(found)).as("no element twice").hasSize(found.size());
            assertThat(new HashSet<>(offers(worker, next[(int) worker])).containsAll(found))
                    .as("nothing that was not offered")
                    .isTrue();
            assertThat(without(found, inFlight)).isEqualTo(without(offers(worker, next[(int) worker]), inFlight));
        }
        final CheckReport report = PoolChecker.check(pool);
        assertThat(report.clean()).as(report.toString()).isTrue();
    }

    private static List<Long> without(final List<Long> numbers, final List<Long> left) {
        final List<Long> rest = new ArrayList<>(numbers);
        rest.removeAll(new HashSet<>(left));
        return rest;
    }

    /**
     * After a kill: the map holds what the acknowledged operations say, with or without the one in flight, and goes on
     * from there.
     */
    private void settle(final RemoteMap<String, byte[]> map, final int worker) throws IOException {
        final long acknowledged = acknowledged(worker);
        final Map<String, Long> found = contents(map, worker);
        final KillWorker.Step inFlight = KillWorker.Step.of(worker, acknowledged);
        final Map<String, Long> without = KillWorker.model(worker, acknowledged);
        final Map<String, Long> with = KillWorker.model(worker, acknowledged + 1);
        assertThat(found)
                .as("worker %d after %d operations", worker, acknowledged)
                .isIn(without, with);
        // an offer in flight cannot be told from the map: look for it when the queue is drained
        next[worker] =
                inFlight.kind() == KillWorker.Kind.OFFER || !found.equals(without) ? acknowledged + 1 : acknowledged;
        if (inFlight.kind() == KillWorker.Kind.OFFER) {
            uncertain.computeIfAbsent((long) worker, key -> new ArrayList<>()).add(acknowledged);
        }
        Files.writeString(acknowledgements(worker), (next[worker] - 1) + "\n");
    }

    private static Map<String, Long> contents(final RemoteMap<String, byte[]> map, final int worker) {
        final Map<String, Long> found = new TreeMap<>();
        map.forEach((key, value) -> {
            if (key.startsWith("w" + worker + "-")) {
                final long number = ByteBuffer.wrap(value).getLong();
                final KillWorker.Step step = KillWorker.Step.of(worker, number);
                assertThat(value).isEqualTo(KillWorker.value(worker, number, step.valueLength()));
                assertThat(found.put(key, number)).isNull();
            }
        });
        return found;
    }

    private static List<Long> offers(final long worker, final long operations) {
        final List<Long> numbers = new ArrayList<>();
        for (long number = 0; number < operations; number++) {
            if (KillWorker.Step.of(worker, number).kind() == KillWorker.Kind.OFFER) {
                numbers.add(number);
            }
        }
        return numbers;
    }

    private Path acknowledgements(final int worker) {
        return folder.resolve("acknowledged-" + worker);
    }

    /** Operations acknowledged so far: the last whole line, plus one. */
    private long acknowledged(final int worker) throws IOException {
        if (!Files.exists(acknowledgements(worker))) {
            return next[worker];
        }
        try (FileChannel file = FileChannel.open(acknowledgements(worker))) {
            final ByteBuffer tail = ByteBuffer.allocate((int) Math.min(64, file.size()));
            file.read(tail, file.size() - tail.capacity());
            final String text = new String(tail.array(), StandardCharsets.US_ASCII);
            final int end = text.lastIndexOf('\n');
            if (end < 0) {
                return next[worker];
            }
            return Long.parseLong(text.substring(text.lastIndexOf('\n', end - 1) + 1, end)) + 1;
        }
    }

    private void awaitMore(final int worker, final long operations, final Process process) throws IOException {
        final long deadline = System.nanoTime() + DEADLINE_NS;
        while (acknowledged(worker) < operations) {
            assertThat(process.isAlive())
                    .as("worker %d: %s", worker, output(worker))
                    .isTrue();
            assertThat(System.nanoTime() - deadline)
                    .as("worker %d is stuck", worker)
                    .isNegative();
            LockSupport.parkNanos(200_000);
        }
    }

    private String output(final int worker) throws IOException {
        return Files.readString(folder.resolve("output-" + worker));
    }

    private Process start(final Path pool, final int worker) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(System.getProperty("rallocator.jvmFlags").split("\\s+")));
        command.addAll(List.of("-ea", "-cp", System.getProperty("java.class.path"), KillWorker.class.getName()));
        command.addAll(List.of(
                "local:" + pool + "?name=worker-" + worker,
                Integer.toString(worker),
                Long.toString(next[worker]),
                acknowledgements(worker).toString()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output-" + worker).toFile())
                .start();
    }
}
