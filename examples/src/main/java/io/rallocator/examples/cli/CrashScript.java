package io.rallocator.examples.cli;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolUnavailableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** The course of a crash test: real processes, killed, stopped and restarted at random moments, then an audit. */
final class CrashScript extends ProcessScript {
    static final long POOL_BYTES = 128L << 20;

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long SAY_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int MOST_STEPS_BETWEEN_KILLS = 2_000;
    private static final int MOST_STOPPED_MS = 50;
    private static final int LEASE_MS = 1_000;

    /** Who is killed. */
    enum What {
        WORKER,
        BLADE,
        BOTH,
        /** Nobody; the network fails instead. */
        NETWORK
    }

    /** How the workers reach the blade. */
    enum FabricKind {
        LOCAL,
        TCP
    }

    private final Random random;
    private final int kills;
    private final What what;

    /** Of the heap, for workers. */
    private final String address;

    private final int[] next;
    private final CrashAudit audit;
    private long stops;
    private long stuck;
    private long saidNs = started;
    private NetworkTrouble network;

    CrashScript(
            final Path folder,
            final int workers,
            final int blades,
            final int kills,
            final What what,
            final FabricKind fabric,
            final long seed,
            final PrintWriter tell) {
        super(folder, workers, tell);
        this.next = new int[workers];
        this.audit = new CrashAudit(workers);
        this.kills = kills;
        this.what = what;
        this.random = new Random(seed);
        final List<String> places = new ArrayList<>();
        for (int blade = 0; blade < blades; blade++) {
            places.add(addBlade(blade, fabric));
        }
        address = (fabric == FabricKind.TCP ? "tcp://" : "local:")
                + String.join(",", places)
                + (what == What.NETWORK ? "?timeout-ms=" + 2 * LEASE_MS : "");
    }

    /** Returns where workers find it. */
    private String addBlade(final int number, final FabricKind fabric) {
        final Path pool = folder.resolve("pool" + number);
        final List<String> options = new ArrayList<>(List.of("--size", Long.toString(POOL_BYTES)));
        String place = pool.toString();
        if (fabric == FabricKind.TCP) {
            place = "127.0.0.1:" + freePort();
            options.addAll(List.of("--listen", "tcp://" + place));
        }
        if (what == What.NETWORK) {
            options.addAll(List.of("--lease-ms", Integer.toString(LEASE_MS)));
        }
        blades.add(new BladeProcess("blade " + number, pool, errors, options));
        return place;
    }

    /** Runs it to its end. */
    @Override
    Map<String, Object> run() throws IOException, InterruptedException {
        if (what == What.NETWORK) {
            network = new NetworkTrouble(random, LEASE_MS);
        }
        for (final BladeProcess blade : blades) {
            start(blade);
        }
        for (int worker = 0; worker < workers.length; worker++) {
            startWorker(worker);
        }
        for (int kill = 0; kill < kills && stuck == 0; kill++) {
            sayHowFar(kill);
            if (network != null) {
                awaitSteps(random.nextInt(workers.length), random.nextInt(MOST_STEPS_BETWEEN_KILLS));
                network.happen();
            } else if (what == What.BLADE || what == What.BOTH && random.nextInt(4) == 0) {
                killBlade(blades.get(random.nextInt(blades.size())));
            } else {
                final int victim = random.nextInt(workers.length);
                killWorker(victim);
                startWorker(victim);
            }
        }
        for (int worker = 0; worker < workers.length; worker++) {
            if (network != null) {
                awaitSteps(worker, 1); // it has found its way back
            }
            stopForGood(worker);
        }
        audit();
        final List<CheckReport> reports = new ArrayList<>();
        for (final BladeProcess blade : blades) {
            blade.process().end();
            reports.add(PoolChecker.check(blade.pool()));
        }
        return report(reports);
    }

    private void sayHowFar(final int kill) {
        if (System.nanoTime() - saidNs > SAY_NS) {
            saidNs = System.nanoTime();
            say(kill + " of " + kills + (network == null ? " kills" : " failures of the network"));
        }
    }

    // ---- the blade

    /** The same for each blade in turn: workers find the next one where the last one was. */
    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (final IOException e) {
            throw new PoolUnavailableException("there is no free port", e);
        }
    }

    /** Sometimes stopped before, sometimes killed again while it starts and recovers. */
    private void killBlade(final BladeProcess blade) throws IOException, InterruptedException {
        awaitSteps(random.nextInt(workers.length), random.nextInt(MOST_STEPS_BETWEEN_KILLS));
        maybeStop(blade.process());
        blade.process().kill();
        if (random.nextInt(3) == 0) {
            blade.launch();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(700)));
            blade.process().kill();
        }
        start(blade);
    }

    // ---- workers

    private void startWorker(final int worker) throws IOException, InterruptedException {
        workers[worker] = ChildProcess.start(
                "worker " + worker,
                errors,
                List.of(
                        "crash-worker",
                        "--heap",
                        address,
                        "--worker",
                        Integer.toString(worker),
                        "--from",
                        Integer.toString(next[worker]),
                        "--log",
                        log(worker).toString()));
        workers[worker].awaitReady();
    }

    private Path log(final int worker) {
        return folder.resolve("acknowledged-" + worker);
    }

    private void killWorker(final int worker) throws IOException, InterruptedException {
        awaitSteps(worker, random.nextInt(MOST_STEPS_BETWEEN_KILLS));
        maybeStop(workers[worker]);
        final long pid = workers[worker].pid();
        stopForGood(worker);
        final long killed = System.nanoTime();
        if (random.nextInt(4) == 0) {
            awaitRecovery(pid);
            recoveryMs.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed));
        }
    }

    private void stopForGood(final int worker) throws IOException, InterruptedException {
        workers[worker].kill();
        next[worker] = audit.read(worker, log(worker), next[worker]);
        Files.deleteIfExists(log(worker));
    }

    private void maybeStop(final ChildProcess process) throws InterruptedException {
        if (random.nextInt(4) == 0) {
            process.signal("STOP");
            stops++;
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(MOST_STOPPED_MS)));
            if (random.nextBoolean()) {
                process.signal("CONT");
                LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(2_000)));
            }
        }
    }

    /** A worker that makes no step for a minute is stuck. */
    private void awaitSteps(final int worker, final int steps) throws IOException {
        final long enough = Files.exists(log(worker)) ? Files.size(log(worker)) + 4L * steps : 4L * steps;
        final long deadline = System.nanoTime() + PATIENCE_NS;
        while (!Files.exists(log(worker)) || Files.size(log(worker)) < enough) {
            workers[worker].requireAlive();
            if (System.nanoTime() - deadline > 0) {
                stuck++;
                say("worker " + worker + " made no progress for a minute");
                return;
            }
            LockSupport.parkNanos(100_000);
        }
    }

    private void awaitRecovery(final long pid) {
        final long deadline = System.nanoTime() + PATIENCE_NS;
        while (blades.stream().anyMatch(blade -> blade.hasSession(pid))) {
            if (System.nanoTime() - deadline > 0) {
                throw new PoolUnavailableException(
                        "the session of process " + pid + ", which was killed, is not recovered");
            }
            LockSupport.parkNanos(500_000);
        }
    }

    // ---- the verdict

    private void audit() {
        final String pools =
                blades.stream().map(blade -> blade.pool().toString()).collect(Collectors.joining(","));
        try (RemoteHeap heap = RemoteHeap.open("local:" + pools + "?name=auditor")) {
            final RemoteMap<String, byte[]> map = heap.map(CrashWorkerCommand.MAP, Codecs.string(), Codecs.bytes());
            final Map<String, byte[]> found = new HashMap<>();
            map.forEach((key, value) -> audit.duplicated += found.put(key, value) == null ? 0 : 1);
            audit.torn += map.sizeLong() == found.size() ? 0 : 1;
            audit.compareMap(found);
            audit.compareQueue(new ArrayList<>(heap.queue(CrashWorkerCommand.QUEUE, Codecs.string())));
        }
    }

    private Map<String, Object> report(final List<CheckReport> checks) {
        Collections.sort(recoveryMs);
        final Map<String, Object> result = new LinkedHashMap<>();
        result.put("blades", blades.size());
        result.put("kills", network == null ? kills : 0);
        if (network != null) {
            result.put("cuts", network.cuts());
            result.put("cutsBeyondLease", network.cutsBeyondLease());
            result.put("lossy", network.lossy());
            result.put("packetsDropped", network.dropped());
        }
        result.put("stops", stops);
        result.put("acknowledged", audit.acknowledged);
        result.put("lost", audit.lost);
        result.put("stale", audit.stale);
        result.put("torn", audit.torn);
        result.put("duplicated", audit.duplicated);
        result.put("stuck", stuck);
        result.put("leakedBlocks", sum(checks, CheckReport::leakedBlocks));
        result.put("leakedSlabs", sum(checks, CheckReport::leakedSlabs));
        result.put("doubleAllocations", sum(checks, CheckReport::doubleAllocations));
        final boolean clean = checks.stream().allMatch(CheckReport::clean);
        result.put("checkClean", clean);
        result.put("recoveryMsMedian", recoveryMs.isEmpty() ? 0 : recoveryMs.get(recoveryMs.size() / 2));
        result.put("recoveryMsMax", recoveryMs.isEmpty() ? 0 : recoveryMs.get(recoveryMs.size() - 1));
        result.put("passed", audit.passed() && stuck == 0 && clean);
        result.put("seconds", Math.round(10 * seconds()) / 10.0);
        checks.forEach(check -> check.findings().forEach(finding -> tell.accept("  " + finding)));
        return result;
    }

    private static long sum(final List<CheckReport> checks, final ToLongFunction<CheckReport> figure) {
        return checks.stream().mapToLong(figure).sum();
    }
}
