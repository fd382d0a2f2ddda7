package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.rallocator.allocator.Blade;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user reads when something is missing. Whatever failed has let go of the pool. */
@Timeout(60)
class RdmaErrorsTest {
    @TempDir
    private Path folder;

    private final SoftwareNic nic = new SoftwareNic();

    private Path pool() {
        final Path pool = folder.resolve("pool");
        PoolFile.create(pool, PoolGeometry.ofCapacity(64 << 20), true, written -> {});
        return pool;
    }

    private static RdmaBladeOptions options() {
        return new RdmaBladeOptions("//127.0.0.1:0").allowUnauthenticated();
    }

    private void refuses(final Path pool, final RdmaBladeOptions options, final String... words) {
        assertThatThrownBy(() -> RdmaBlade.open(pool, nic, options))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContainingAll(words);
        assertThat(nic.registrations()).as("what is still registered").isZero();
        Blade.open(pool).close(); // nobody holds it
    }

    @Test
    void shouldSayHowToGetTheLibraryWhenThereIsNone() {
        assumeThat(DisniLibrary.isThere()).isFalse();
        assertThatThrownBy(() -> RemoteHeap.open("rdma://127.0.0.1:7700"))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("no libdisni in java.library.path")
                .hasMessageContaining("-Djava.library.path=FOLDER");
        assertThatThrownBy(() -> RdmaBlade.open(pool(), options()))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("no libdisni in java.library.path");
    }

    @Test
    void shouldRefuseTheLibraryWhenItsStructuresHaveOtherSizes() {
        assertThatThrownBy(() -> DisniLibrary.requireSize("ibv_send_wr", 136, 128))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("ibv_send_wr of 136 bytes")
                .hasMessageContaining("128");
    }

    @Test
    void shouldSayWhichAddressHasNoDeviceWhenThereIsNone() {
        refuses(
                pool(),
                new RdmaBladeOptions("//192.0.2.1:0").allowUnauthenticated(),
                "192.0.2.1",
                "no RDMA device",
                "rdma link");
    }

    @ParameterizedTest
    @CsvSource({
        "Cannot allocate memory, ulimit -l",
        "Bad address, tmpfs",
        "Operation not supported, tmpfs",
        "Input/output error, dmesg"
    })
    void shouldSayWhatIsInTheWayWhenThePoolCannotBeRegistered(final String reason, final String advice) {
        nic.refusal = "j2c::regMr: ibv_reg_mr failed: " + reason + "\n";
        refuses(pool(), options(), reason, advice, folder.resolve("pool").toString());
    }

    @Test
    void shouldSayThatTheDeviceDoesNoAtomicsWhenTheFirstOneFails() {
        nic.hasAtomics = false;
        refuses(pool(), options(), "does no atomics", "FETCH_AND_ADD");
    }

    @Test
    void shouldRefuseToServeAnybodyWhenThatIsNotSaid() {
        assertThatThrownBy(() -> RdmaBlade.open(folder.resolve("pool"), new RdmaBladeOptions("//127.0.0.1:0")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--allow-unauthenticated");
    }

    @Test
    void shouldKeepWorkersOfThisHostOutWhenTheDeviceChangesTheWords() {
        final Path pool = pool();
        try (RdmaBlade blade = RdmaBlade.open(pool, nic, options())) {
            assertThatThrownBy(() -> RemoteHeap.open("local:" + pool))
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("rdma://");
            assertThat(blade.address()).startsWith("rdma://127.0.0.1:");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rdma:host", "rdma://host", "rdma://:1", "rdma://a:1,b", "rdma://a:x", "rdma://[::1]:1"})
    void shouldSayWhatIsRightWhenTheAddressIsWrong(final String address) {
        assertThatThrownBy(() -> RemoteHeap.open(address))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rdma://HOST:PORT");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "soon"})
    void shouldRefuseATimeoutWhenItIsNone(final String timeout) {
        assertThatThrownBy(() -> RemoteHeap.open("rdma://127.0.0.1:1?timeout-ms=" + timeout))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("timeout-ms");
    }

    @Test
    void shouldSayWhatToStartWhenNobodyListens() throws IOException {
        final String address;
        try (RdmaBlade blade = RdmaBlade.open(pool(), nic, options())) {
            address = blade.address();
        }
        assertThatThrownBy(() -> RdmaFabric.open(nic, RdmaFabricProvider.parse(address.substring(5)), 30_000))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining(address)
                .hasMessageContaining("blade --listen");
    }
}
