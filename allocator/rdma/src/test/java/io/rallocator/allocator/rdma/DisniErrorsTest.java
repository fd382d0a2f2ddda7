package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong with a real device. */
@RealDevice
@Timeout(120)
class DisniErrorsTest {
    private static final int TIMEOUT_MS = 10_000;

    @TempDir
    private Path folder;

    private final Transport transport = new DisniTransport();

    @Test
    void shouldFailInsteadOfHangingWhenNobodyListens() {
        assertThatThrownBy(() -> transport.connect(new InetSocketAddress(RealDevice.HOST, 9), TIMEOUT_MS))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ESTABLISHED");
    }

    @Test
    void shouldFailAtItsOwnDeadlineWhenNobodyAccepts() throws IOException {
        try (Transport.Device device = transport.open(RealDevice.HOST);
                Transport.Listener listener = device.listen()) {
            assertThatThrownBy(() -> transport.connect(new InetSocketAddress(RealDevice.HOST, listener.port()), 500))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("ESTABLISHED");
            assertThatThrownBy(() -> device.listen().accept(10))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no CONNECT_REQUEST within 10 ms");
        }
    }

    @Test
    void shouldSayThatThereIsNoDeviceWhenTheAddressHasNone() {
        final Path pool = folder.resolve("pool");
        PoolFile.create(pool, PoolGeometry.ofCapacity(64 << 20), true, written -> {});
        assertThatThrownBy(() -> RdmaBlade.open(pool, new RdmaBladeOptions("//192.0.2.1:0").allowUnauthenticated()))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("cannot use RDMA on 192.0.2.1");
    }

    @Test
    void shouldRefuseMemoryThatIsNotThereWhenItIsRegistered() throws IOException {
        try (Transport.Device device = transport.open(RealDevice.HOST)) {
            assertThatThrownBy(() -> device.register(4096, 4096, MemoryKey.REMOTE))
                    .isInstanceOf(IOException.class)
                    .satisfies(e -> assertThat(Registration.explain(folder, 4096, (IOException) e))
                            .contains("Bad address")
                            .contains("tmpfs"));
        }
    }

    /** Others' memory, and what is beyond the pool. */
    @Test
    void shouldBreakTheConnectionWhenARequestLeavesTheRegisteredMemory() throws Exception {
        final UnsafeBuffer served = new UnsafeBuffer(ByteBuffer.allocateDirect(8192));
        try (Transport.Device device = transport.open(RealDevice.HOST)) {
            final MemoryKey key = device.register(served.addressOffset(), 4096, MemoryKey.REMOTE);
            final Transport.Endpoint endpoint = Loopback.connect(transport, device, RealDevice.HOST, TIMEOUT_MS);
            final RemoteMemory tooLarge = new RemoteMemory(served.addressOffset(), 8192, 8192, new int[] {key.rkey()});
            try (Batch batch = new Batch(endpoint, tooLarge, () -> false)) {
                final UnsafeBuffer bytes = new UnsafeBuffer(new byte[16]);
                batch.write(4080, bytes, 0, 16);
                batch.complete();
                batch.write(4096, bytes, 0, 16);
                assertThatThrownBy(batch::complete)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("not registered");
                batch.write(0, bytes, 0, 16);
                assertThatThrownBy(batch::complete).isInstanceOf(IOException.class);
            }
            device.deregister(key);
        }
    }
}
