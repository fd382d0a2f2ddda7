package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.TestProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Workers and blades that are killed, and a worker that is paused until it was declared dead, over a real device. */
@RealDevice
@Timeout(300)
class DisniKillTest {
    private static final int LEASE_MS = 5_000;
    private static final int ENOUGH = 200;

    @TempDir
    private Path folder;

    private Path pool;
    private RdmaBlade blade;

    @BeforeEach
    void serve() {
        pool = folder.resolve("pool");
        PoolFile.create(pool, PoolGeometry.ofCapacity(64 << 20), true, written -> {});
        open();
    }

    private void open() {
        blade = RdmaBlade.open(
                pool,
                new RdmaBladeOptions("//" + RealDevice.HOST + ":0")
                        .allowUnauthenticated()
                        .leaseMs(LEASE_MS));
    }

    @AfterEach
    void check() {
        blade.close();
        final CheckReport report = PoolChecker.check(pool);
        assertThat(report.clean()).as(report.toString()).isTrue();
    }

    private Process start() throws IOException {
        return start(KillWorker.class, blade.address());
    }

    private static Process start(final Class<?> main, final String... arguments) throws IOException {
        final List<String> line = TestProcess.java(main, arguments);
        line.addAll(
                1,
                List.of(
                        "-Djava.library.path=" + System.getProperty("java.library.path"),
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=off"));
        return new ProcessBuilder(line).redirectErrorStream(true).start();
    }

    private static int readUntilEnough(final BufferedReader worker) throws IOException {
        for (int said = -1; ; ) {
            said = Integer.parseInt(worker.readLine());
            if (said == ENOUGH) {
                return said;
            }
        }
    }

    /** A wait for the kernel and the blade, not for a time: ends when no process has the lock. */
    private void awaitNoSession(final int session) {
        for (; ; ) {
            try (PoolLock lock = PoolLock.tryAcquire(PoolLock.sessionLock(pool, session))) {
                if (lock != null) {
                    return;
                }
            }
            Thread.yield();
        }
    }

    private void requireAcknowledged(final int last) {
        try (RemoteHeap heap = RemoteHeap.open(blade.address())) {
            final RemoteMap<Integer, Integer> map = heap.map(KillWorker.MAP, Codecs.ints(), Codecs.ints());
            for (int i = 0; i <= last; i++) {
                assertThat(map).containsEntry(i, -i);
            }
            map.put(-1, 1);
            assertThat(map.size()).isBetween(last + 2, last + 3); // one put may have been under way
        }
    }

    @Test
    void shouldLoseNothingAcknowledgedAndStopNobodyWhenAWorkerIsKilled() throws Exception {
        try (RemoteHeap other = RemoteHeap.open(blade.address() + "?name=other")) {
            final RemoteMap<Integer, Integer> map = other.map("other", Codecs.ints(), Codecs.ints());
            final Process worker = start();
            int last;
            try (BufferedReader said = worker.inputReader()) {
                last = readUntilEnough(said);
                signal(worker, "KILL");
                for (String line = said.readLine(); line != null; line = said.readLine()) {
                    last = Integer.parseInt(line);
                }
            }
            worker.waitFor();
            for (int i = 0; i < ENOUGH; i++) {
                assertThat(map.put(i, i)).isNull();
            }
            requireAcknowledged(last);
        }
    }

    @Test
    void shouldFenceTheWorkerThatComesBackWhenItWasPausedForLongerThanTheLease() throws Exception {
        final Process worker = start();
        try (BufferedReader said = worker.inputReader()) {
            int last = readUntilEnough(said);
            signal(worker, "STOP");
            awaitNoSession(0); // the first worker of a pool has line 0
            signal(worker, "CONT");
            String end = null;
            for (String line = said.readLine(); line != null; line = said.readLine()) {
                end = line;
                last = line.startsWith("ended") ? last : Integer.parseInt(line);
            }
            assertThat(end).startsWith("ended by io.rallocator.").contains("open a new heap");
            requireAcknowledged(last);
        } finally {
            worker.destroyForcibly().waitFor();
        }
    }

    @Test
    void shouldLoseNothingAcknowledgedWhenTheBladeIsKilledUnderLoad() throws Exception {
        blade.close();
        final Process dying = start(KillBlade.class, pool.toString(), "//" + RealDevice.HOST + ":0");
        int last = -1;
        try (BufferedReader said = dying.inputReader();
                RemoteHeap heap = RemoteHeap.open(said.readLine())) {
            final RemoteMap<Integer, Integer> map = heap.map(KillWorker.MAP, Codecs.ints(), Codecs.ints());
            for (; ; ) {
                map.put(last + 1, -last - 1);
                last++;
                if (last == ENOUGH) {
                    signal(dying, "KILL");
                }
            }
        } catch (final RallocatorException e) {
            assertThat(e).hasMessageContaining("open a new heap");
        } finally {
            dying.destroyForcibly().waitFor();
        }
        assertThat(last).isGreaterThanOrEqualTo(ENOUGH);
        open();
        requireAcknowledged(last);
    }

    private static void signal(final Process worker, final String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(worker.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }
}
