package io.rallocator.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.rallocator.allocator.Blade;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Kills one process after the other in one pool. */
final class RecoveryRun {
    private static final long POLL_NS = 100_000;
    private static final long LONGEST_RECOVERY_NS = TimeUnit.MINUTES.toNanos(2);

    private final Path pool;
    private final long entries;
    private final Consumer<String> progress;

    /** What one death and the start after it cost. */
    private record Death(OpenSlabs left, double reopenMs, double firstGetMs, double processMs) {}

    RecoveryRun(final Path pool, final long entries, final Consumer<String> progress) {
        this.pool = pool;
        this.entries = entries;
        this.progress = progress;
    }

    /** Room for the entries, for what is replaced until the epochs pass, and for slabs that many threads have open. */
    static long poolBytes(final long entries) {
        return (256L << 20) + entries * 250 / (1 << 20) * (1 << 20);
    }

    private BenchProcess start(final String scheme, final int threads, final int sizes) throws IOException {
        return BenchProcess.start(
                ProductClassPath.get(),
                List.of(
                        "recovery-worker",
                        "--heap",
                        scheme + ":" + pool + (scheme.equals("embedded") ? "?size=" + poolBytes(entries) : ""),
                        "--entries",
                        Long.toString(entries),
                        "--threads",
                        Integer.toString(threads),
                        "--sizes",
                        Integer.toString(sizes)));
    }

    private void awaitWriting(final BenchProcess worker) throws IOException, InterruptedException {
        for (JsonNode line = worker.require("writing"); !line.has("status"); line = worker.require("writing")) {
            progress.accept("filled " + line.path("filled").asLong() + " of " + entries);
        }
    }

    /** Makes the pool, fills it, and kills who filled it. */
    void fill() throws IOException, InterruptedException {
        try (BenchProcess worker = start("embedded", 1, 1)) {
            worker.require("that it opened the pool");
            awaitWriting(worker);
            worker.kill();
        }
        // Recovers what the one that filled it owned, so that the rounds are alike.
        Blade.open(pool).close();
    }

    RecoveryPoint measure(final int threads, final int sizes, final int kills)
            throws IOException, InterruptedException {
        final List<Death> deaths = new ArrayList<>();
        final double[] worker = new double[kills];
        for (int kill = 0; kill < kills; kill++) {
            deaths.add(killAll(threads, sizes));
            worker[kill] = killWorker(threads, sizes);
            progress.accept(entries + " entries, " + threads + " threads: " + (kill + 1) + " of " + kills + " kills");
        }
        return new RecoveryPoint(
                entries,
                threads,
                sizes,
                Spread.of(deaths.stream().mapToDouble(each -> each.left.open()).toArray()),
                Spread.of(deaths.stream()
                        .mapToDouble(each -> each.left.openBytes())
                        .toArray()),
                Spread.of(deaths.stream().mapToDouble(each -> each.left.owned()).toArray()),
                Spread.of(deaths.stream().mapToDouble(Death::reopenMs).toArray()),
                Spread.of(deaths.stream().mapToDouble(Death::firstGetMs).toArray()),
                Spread.of(deaths.stream().mapToDouble(Death::processMs).toArray()),
                Spread.of(worker));
    }

    /** Kills a process that serves the pool itself, and starts the next one. */
    private Death killAll(final int threads, final int sizes) throws IOException, InterruptedException {
        final OpenSlabs left;
        try (BenchProcess worker = start("embedded", threads, sizes)) {
            worker.require("that it opened the pool");
            awaitWriting(worker);
            worker.kill();
            left = OpenSlabs.read(pool, worker.pid());
        }
        try (BenchProcess next = start("embedded", 1, 1)) {
            final JsonNode opened = next.require("that it opened the pool");
            final double processMs = next.ageNs() / 1e6;
            if (!opened.get("found").asBoolean()) {
                throw new IllegalStateException("the first entry is gone after a kill: " + pool);
            }
            final double openMs = opened.get("openNs").asLong() / 1e6;
            awaitWriting(next);
            next.kill();
            return new Death(left, openMs, openMs + opened.get("firstGetNs").asLong() / 1e6, processMs);
        }
    }

    /** Kills a worker of a blade that goes on, in this process; returns the time until it is recovered. */
    private double killWorker(final int threads, final int sizes) throws IOException, InterruptedException {
        try (Blade blade = Blade.open(pool);
                BenchProcess worker = start("local", threads, sizes)) {
            worker.require("that it opened the pool");
            awaitWriting(worker);
            final int session = OpenSlabs.session(blade.region(), blade.geometry(), worker.pid());
            final long dead = System.nanoTime();
            worker.kill();
            while (OpenSlabs.isBusy(blade.region(), blade.geometry(), session)) {
                if (System.nanoTime() - dead > LONGEST_RECOVERY_NS) {
                    throw new IllegalStateException("session " + session + " of " + pool + " is not recovered");
                }
                LockSupport.parkNanos(POLL_NS);
            }
            return (System.nanoTime() - dead) / 1e6;
        }
    }
}
