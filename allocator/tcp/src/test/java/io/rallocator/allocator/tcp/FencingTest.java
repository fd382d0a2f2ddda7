package io.rallocator.allocator.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Once a session is declared dead, no verb of it is executed any more (I7). */
@Timeout(60)
class FencingTest {
    private static final long CAPACITY = 1 << 20;
    private static final Operation TEST = Operation.named("test.fencing");

    @TempDir
    private Path folder;

    private Path file;
    private NvmRegion region;

    @BeforeEach
    void map() throws Exception {
        file = folder.resolve("region");
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(CAPACITY);
        }
        region = MappedNvmRegion.map(file, CAPACITY, Durability.PROCESS, true);
    }

    @AfterEach
    void unmap() {
        region.close();
    }

    @Test
    void shouldExecuteNoVerbAfterTheOneDuringWhichTheSessionWasDeclaredDead() throws Exception {
        final int verbs = 10;
        final ChainRequest request = new ChainRequest(1);
        final Chain chain = new Chain(new NoQueuePair());
        for (int dead = 0; dead <= verbs; dead++) {
            region.write(0, new UnsafeBuffer(new byte[verbs * 8]), 0, verbs * 8);
            final ChainServer server = new ChainServer(region, PoolGeometry.ofCapacity(64 << 20), new BladeCounters());
            server.admit(Role.READ_WRITE, 0);
            for (int verb = 0; verb < verbs; verb++) {
                chain.writeWord(8L * verb, 1);
            }
            request.begin(chain);
            request.encode();
            final UnsafeBuffer frame = ChainServer.direct(4096);
            final int length = Frame.length(request.frame, 0);
            frame.putBytes(0, request.frame, 0, length);
            final AtomicInteger asked = new AtomicInteger();
            final int last = dead;
            server.execute(new UnsafeBuffer(frame, 0, length), () -> asked.getAndIncrement() == last);
            assertThat(Frame.status(server.reply(), 0)).isEqualTo(dead == verbs ? Frame.OK : Frame.FENCED);
            assertThat(Frame.count(server.reply(), 0)).isEqualTo(dead);
            for (int verb = 0; verb < verbs; verb++) {
                assertThat(region.readLong(8L * verb)).isEqualTo(verb < dead ? 1 : 0);
            }
            chain.post(TEST);
        }
    }

    @Test
    void shouldGiveTheSessionToOthersWhenItsWorkerWasSilent() throws Exception {
        final int session = 3;
        try (RegionServer server = new RegionServer(file, region, new TcpBladeOptions("//127.0.0.1:0").leaseMs(200));
                TcpFabric silent = server.fabric()) {
            final Chain chain = new Chain(silent.connect(CAPACITY));
            assertThat(silent.tryLock(session)).isNotNull();
            chain.writeWord(0, 1).post(TEST);
            assertThat(PoolLock.tryAcquire(PoolLock.sessionLock(file, session))).isNull();
            PoolLock lock = null;
            while (lock == null) {
                Thread.onSpinWait();
                lock = PoolLock.tryAcquire(PoolLock.sessionLock(file, session));
            }
            lock.close();
            chain.writeWord(0, 2);
            assertThatThrownBy(() -> chain.post(TEST))
                    .isInstanceOfAny(SessionFencedException.class, PoolUnavailableException.class)
                    .hasMessageContaining("open a new heap");
            assertThat(region.readLong(0)).isEqualTo(1);
            final Chain next = new Chain(silent.connect(CAPACITY));
            next.writeWord(0, 3);
            assertThatThrownBy(() -> next.post(TEST)).isInstanceOf(SessionFencedException.class);
            assertThat(server.blade.counters().fenced()).isEqualTo(1);
        }
    }

    @Test
    void shouldFreeTheSessionWhenTheConnectionEnds() throws Exception {
        final int session = 5;
        try (RegionServer server = new RegionServer(file, region)) {
            final TcpFabric first = server.fabric();
            assertThat(first.tryLock(session)).isNotNull();
            try (TcpFabric second = server.fabric()) {
                assertThat(second.tryLock(session)).isNull();
                first.close();
                while (second.tryLock(session) == null) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    private static final class NoQueuePair implements QueuePair {
        private final FabricCounters counters = new FabricCounters();

        @Override
        public void execute(final Chain chain, final Operation operation) {
            // the chain is only made into a frame
        }

        @Override
        public FabricCounters counters() {
            return counters;
        }

        @Override
        public void close() {
            // nothing is held
        }
    }
}
