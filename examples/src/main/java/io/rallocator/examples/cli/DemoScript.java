package io.rallocator.examples.cli;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolUnavailableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The course of the demonstration: feed, kill a worker, kill the blade, restart, recount, check. */
final class DemoScript extends ProcessScript {
    static final long POOL_BYTES = 64L << 20;

    private static final int WORKERS = 2;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(30);

    private final List<String> corpus = Corpus.lines();
    private final int[] lives = new int[WORKERS];
    private final List<Path> killedLogs = new ArrayList<>();
    private final List<Path> endedLogs = new ArrayList<>();
    private final BladeProcess blade;
    private int kills;
    private boolean passed;

    DemoScript(final Path folder, final PrintWriter tell) {
        super(folder, WORKERS, tell);
        blade = new BladeProcess(
                "the blade", folder.resolve("pool"), errors, List.of("--size", Long.toString(POOL_BYTES)));
        blades.add(blade);
    }

    /** Runs it to its end. */
    @Override
    Map<String, Object> run() throws IOException, InterruptedException {
        say("a blade with a pool of " + ByteSize.forPeople(POOL_BYTES) + " at " + blade.pool());
        start(blade);
        final DemoAudit audit = new DemoAudit(corpus);
        try (RemoteHeap heap = RemoteHeap.open("local:" + blade.pool() + "?name=feeder")) {
            final RemoteQueue<String> queue = heap.queue(DemoWorkerCommand.QUEUE, Codecs.string());
            say("two workers, each a process of its own; they count the words of " + corpus.size() + " lines");
            for (int worker = 0; worker < WORKERS; worker++) {
                startWorker(worker);
            }
            feed(queue, 0, 0.25);
            killWorker(heap, 0);
            feed(queue, 0.25, 0.5);
            killBlade(queue);
            feed(queue, 0.75, 1);
            finish(queue);
            audit(audit, heap);
        }
        say("the blade ends, and everything is checked");
        blade.process().end();
        return report(audit, PoolChecker.check(blade.pool()));
    }

    // ---- processes

    private void startWorker(final int worker) throws InterruptedException {
        lives[worker]++;
        workers[worker] = ChildProcess.start(
                "worker " + worker,
                errors,
                List.of(
                        "demo-worker",
                        "--pool",
                        blade.pool().toString(),
                        "--name",
                        "worker-" + worker,
                        "--log",
                        log(worker).toString()));
        workers[worker].awaitReady();
    }

    private Path log(final int worker) {
        return folder.resolve("acknowledged-" + worker + "-" + lives[worker]);
    }

    // ---- the course

    private void feed(final RemoteQueue<String> queue, final double from, final double to) {
        for (int line = (int) (from * corpus.size()); line < (int) (to * corpus.size()); line++) {
            queue.add(line + "\t" + corpus.get(line));
        }
    }

    private void killWorker(final RemoteHeap heap, final int victim) throws InterruptedException {
        await("worker " + victim + " to be in the middle of its work", () -> workers[victim].progress() > 0);
        final long pid = workers[victim].pid();
        final long others = workers[1 - victim].progress();
        workers[victim].kill();
        final long killed = System.nanoTime();
        kills++;
        killedLogs.add(log(victim));
        say("worker " + victim + " (process " + pid + ") is killed with SIGKILL in the middle of its work");
        await("the session of the dead worker to be recovered", () -> !blade.hasSession(pid));
        recoveryMs.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed));
        say("what it had open is recovered after " + recoveryMs.get(recoveryMs.size() - 1)
                + " ms; the other worker went on: " + others + " lines then, "
                + workers[1 - victim].progress() + " now; " + heap.names().size() + " structures are open to all");
        startWorker(victim);
        say("worker " + victim + " is back");
    }

    private void killBlade(final RemoteQueue<String> queue) throws IOException, InterruptedException {
        final long pid = blade.process().pid();
        blade.process().kill();
        kills++;
        say("the blade (process " + pid + ") is killed with SIGKILL");
        final long before = totalProgress();
        feed(queue, 0.5, 0.75);
        await("the workers to go on without a blade", () -> totalProgress() > before);
        say("the workers go on without it: " + before + " lines then, " + totalProgress() + " now");
        start(blade);
        say("the blade is back; it recovered in " + recoveryMs.get(recoveryMs.size() - 1) + " ms");
    }

    private long totalProgress() {
        long sum = 0;
        for (final ChildProcess worker : workers) {
            sum += worker.progress();
        }
        return sum;
    }

    private void finish(final RemoteQueue<String> queue) throws InterruptedException {
        for (int worker = 0; worker < WORKERS; worker++) {
            queue.add(DemoWorkerCommand.END + "\t");
        }
        for (int worker = 0; worker < WORKERS; worker++) {
            final int code = workers[worker].await();
            if (code != 0) {
                throw new PoolUnavailableException("worker " + worker + " ended with exit code " + code);
            }
            endedLogs.add(log(worker));
        }
        say("all lines are counted, the workers ended; " + queue.sizeLong() + " lines are left in the queue");
    }

    private void await(final String what, final BooleanSupplier condition) {
        final long deadline = System.nanoTime() + PATIENCE_NS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new PoolUnavailableException(
                        "waited in vain for " + what + ", " + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NS) + " s");
            }
            LockSupport.parkNanos(500_000);
        }
    }

    // ---- the verdict

    private void audit(final DemoAudit audit, final RemoteHeap heap) throws IOException {
        for (final Path log : killedLogs) {
            audit.read(log, true);
        }
        for (final Path log : endedLogs) {
            audit.read(log, false);
        }
        final RemoteMap<String, Long> words = heap.map(DemoWorkerCommand.WORDS, Codecs.string(), Codecs.longs());
        final RemoteMap<Long, Long> done = heap.map(DemoWorkerCommand.DONE, Codecs.longs(), Codecs.longs());
        audit.compare(words, done);
        say("recounted from the workers' logs: " + audit.acknowledged + " acknowledged operations, "
                + audit.distinctWords() + " different words");
    }

    private Map<String, Object> report(final DemoAudit audit, final CheckReport check) {
        Collections.sort(recoveryMs);
        passed = check.clean() && audit.lost + audit.torn + audit.duplicated == 0;
        final Map<String, Object> result = new LinkedHashMap<>();
        result.put("acknowledged", audit.acknowledged);
        result.put("lost", audit.lost);
        result.put("torn", audit.torn);
        result.put("duplicated", audit.duplicated);
        result.put("inFlightAtKill", audit.inFlightAtKill);
        result.put("leakedSlabs", check.leakedSlabs());
        result.put("leakedBlocks", check.leakedBlocks());
        result.put("doubleAllocations", check.doubleAllocations());
        result.put("checkClean", check.clean());
        result.put("kills", kills);
        result.put("recoveryMs", recoveryMs.get(recoveryMs.size() - 1));
        result.put("recoveryMsMedian", recoveryMs.get(recoveryMs.size() / 2));
        result.put("seconds", Math.round(10 * seconds()) / 10.0);
        say("lost " + audit.lost + ", torn " + audit.torn + ", duplicated " + audit.duplicated + ", leaked slabs "
                + check.leakedSlabs() + ", leaked blocks " + check.leakedBlocks()
                + ", taken by a worker that died with it "
                + audit.inFlightAtKill);
        if (!check.clean()) {
            check.findings().forEach(finding -> tell.accept("  " + finding));
        }
        say(
                passed
                        ? "nothing acknowledged was lost, torn or leaked"
                        : "FAILED: that must not happen, please report it");
        return result;
    }

    boolean passed() {
        return passed;
    }
}
