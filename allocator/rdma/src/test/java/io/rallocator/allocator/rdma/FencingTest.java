package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Once a session can be taken by others, no request of its worker is executed any more (I7); and who changes what (I3). */
@Timeout(60)
class FencingTest {
    private static final Operation TEST = Operation.named("test.rdma.fencing");
    private static final int CAPACITY = 1 << 16;
    private static final int SESSION = 3;
    private static final long WORD = 64;

    @TempDir
    private Path folder;

    private final SoftwareNic nic = new SoftwareNic();

    private RegionServer serve(final int leaseMs) throws Exception {
        return new RegionServer(
                nic,
                folder.resolve("region"),
                CAPACITY,
                Durability.PROCESS,
                new RdmaBladeOptions("//127.0.0.1:0").leaseMs(leaseMs));
    }

    private static PoolLock takeWhenFree(final RegionServer server) {
        for (; ; ) {
            final PoolLock lock = PoolLock.tryAcquire(PoolLock.sessionLock(server.file, SESSION));
            if (lock != null) {
                return lock;
            }
            Thread.onSpinWait();
        }
    }

    /** A worker that says nothing: no heartbeat, no end. */
    @Test
    void shouldGiveTheSessionToOthersWhenItsWorkerIsSilent() throws Exception {
        try (RegionServer server = serve(200);
                RdmaFabric fabric = server.fabric();
                QueuePair probe = fabric.connect();
                Socket control = new Socket()) {
            final InetSocketAddress address =
                    RdmaFabricProvider.parse(fabric.name().substring("rdma:".length()));
            control.connect(new InetSocketAddress(address.getHostString(), address.getPort()));
            final DataOutputStream out = new DataOutputStream(control.getOutputStream());
            out.writeLong(ControlProtocol.MAGIC);
            out.writeInt(ControlProtocol.VERSION);
            out.writeByte(ControlProtocol.LOCK);
            out.writeInt(SESSION);
            out.flush();
            assertThat(new DataInputStream(control.getInputStream()).readAllBytes())
                    .as("all that it was told until the blade gave it up")
                    .isNotEmpty()
                    .endsWith(ControlProtocol.OK);
            takeWhenFree(server).close();
            new Chain(probe).writeWord(WORD, 5).post(TEST); // heartbeats keep this one alive
            assertThat(server.region.readLong(WORD)).isEqualTo(5);
        }
    }

    @Test
    void shouldExecuteNothingOfTheWorkerWhenItsLockIsFree() throws Exception {
        try (RegionServer server = serve(10_000)) {
            final RdmaFabric fabric = server.fabric();
            assertThat(fabric.tryLock(SESSION)).isNotNull();
            assertThat(PoolLock.tryAcquire(PoolLock.sessionLock(server.file, SESSION)))
                    .isNull();
            final Transport.Endpoint stale = fabric.connectRaw().endpoint();
            final Chain chain = new Chain(fabric.connect());
            chain.writeWord(WORD, 1).post(TEST);
            fabric.lose("the test cuts it");
            takeWhenFree(server).close();
            try (Batch batch = new Batch(stale, server.region.memory(), () -> false)) {
                batch.fetchAndAdd(WORD, 1, new UnsafeBuffer(new byte[8]), 0);
                assertThatThrownBy(batch::complete).hasMessageContaining("did not answer");
            }
            assertThat(server.region.readLong(WORD)).isEqualTo(1);
            assertThatThrownBy(() -> chain.writeWord(WORD, 2).post(TEST))
                    .isInstanceOf(SessionFencedException.class)
                    .hasMessageContaining("the test cuts it")
                    .hasMessageContaining("open a new heap");
            assertThatThrownBy(fabric::connect).isInstanceOf(SessionFencedException.class);
        }
    }

    @Test
    void shouldSayThatTheOutcomeIsOpenWhenTheConnectionBreaksInTheMiddleOfAChange() throws Exception {
        final RegionServer server = serve(10_000);
        try (RdmaFabric fabric = server.fabric()) {
            final Chain reads = new Chain(fabric.connect());
            final Chain writes = new Chain(fabric.connect());
            final Chain late = new Chain(fabric.connect());
            reads.readWord(WORD);
            writes.writeWord(WORD, 1);
            late.writeWord(WORD, 2);
            nic.cut = true;
            assertThatThrownBy(() -> writes.post(TEST))
                    .isInstanceOf(PoolUnavailableException.class)
                    .isNotInstanceOf(SessionFencedException.class)
                    .hasMessageContaining("in the middle of a chain");
            assertThatThrownBy(() -> reads.post(TEST)).isInstanceOf(SessionFencedException.class);
            assertThatThrownBy(() -> late.post(TEST)).isInstanceOf(SessionFencedException.class);
        } finally {
            nic.cut = false;
            server.close();
        }
    }

    @Test
    void shouldFreeTheSessionWhenItIsUnlockedOrTheFabricIsClosed() throws Exception {
        try (RegionServer server = serve(10_000);
                RdmaFabric second = server.fabric()) {
            final RdmaFabric first = server.fabric();
            first.tryLock(SESSION).close();
            assertThat(first.tryLock(SESSION)).isNotNull();
            assertThat(second.tryLock(SESSION)).isNull();
            first.close();
            takeWhenFree(server).close();
            assertThat(second.tryLock(SESSION)).isNotNull();
        }
    }

    /** I3: the device's atomics are not atomic with the CPU's, so the blade's go through the device. */
    @Test
    void shouldLoseNoChangeWhenTheBladeAndWorkersChangeOneWord() throws Exception {
        final int rounds = 20_000;
        try (RegionServer server = serve(10_000)) {
            final List<Thread> workers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                final QueuePair queuePair = server.connect();
                workers.add(new Thread(() -> {
                    final Chain chain = new Chain(queuePair);
                    for (int round = 0; round < rounds; round++) {
                        chain.fetchAndAdd(WORD, 1);
                        chain.post(TEST);
                    }
                    queuePair.close();
                }));
            }
            workers.forEach(Thread::start);
            for (int round = 0; round < rounds; round++) {
                server.region.fetchAndAdd(WORD, 1);
                server.region.compareAndSwap(WORD + 8, round, round + 1);
            }
            for (final Thread worker : workers) {
                worker.join();
            }
            assertThat(server.region.readLong(WORD)).isEqualTo(3L * rounds);
            assertThat(server.region.readLong(WORD + 8)).isEqualTo(rounds);
            server.region.writeLong(WORD, 7);
            assertThat(server.mapped.readLong(WORD)).isEqualTo(7);
        }
    }
}
