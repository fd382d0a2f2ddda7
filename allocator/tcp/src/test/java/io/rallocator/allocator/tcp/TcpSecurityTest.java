package io.rallocator.allocator.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RallocatorException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in, and what he may do. */
@Timeout(60)
class TcpSecurityTest {
    private static final String SECRET = "correct horse battery staple";
    private static final String READERS_SECRET = "another secret for readers";

    @TempDir
    private Path folder;

    private String tokenFile(final String name, final String secret) throws Exception {
        final Path file = folder.resolve(name);
        Files.writeString(file, secret + "\n");
        return "token-file=" + file;
    }

    private static void assertRefused(final ThrowingCallable opening, final String reason) {
        assertThatThrownBy(opening).isInstanceOf(PoolUnavailableException.class).hasMessageContaining(reason);
    }

    @Test
    void shouldLetInWhoHasTheTokenOnly() throws Exception {
        final TcpBladeOptions options = local().tokens(Token.of(SECRET), null);
        try (TcpPool pool = new TcpPool(folder, options)) {
            try (RemoteHeap heap = pool.open("?" + tokenFile("right", SECRET))) {
                heap.map("map", Codecs.ints(), Codecs.ints()).put(1, 2);
            }
            assertRefused(() -> pool.open("?" + tokenFile("wrong", SECRET + "!")), "the token is wrong");
            assertRefused(pool::open, "token-file=PATH");
            assertThat(pool.counters().refused()).isEqualTo(1); // who has none gives up before it asks
            assertThat(pool.counters().admitted()).isEqualTo(1);
            assertThat(pool.counters().malformed()).isZero();
        }
    }

    @Test
    void shouldNotTrustABladeThatDoesNotHaveTheToken() throws Exception {
        try (TcpPool pool = new TcpPool(folder, local())) {
            assertRefused(() -> pool.open("?" + tokenFile("right", SECRET)), "not the blade that was meant");
        }
    }

    @Test
    void shouldRefuseEveryChangeWhenTheRoleIsToRead() throws Exception {
        final TcpBladeOptions options = local().tokens(Token.of(SECRET), Token.of(READERS_SECRET));
        final TcpPool pool = new TcpPool(folder, options);
        final String readers = tokenFile("readers", READERS_SECRET);
        final String writers = tokenFile("writers", SECRET);
        try (pool;
                RemoteHeap writer = pool.open("?" + writers);
                RemoteHeap reader = pool.open("?role=read-only&" + readers)) {
            final RemoteMap<Integer, Integer> map = writer.map("map", Codecs.ints(), Codecs.ints());
            map.put(1, 2);
            final RemoteMap<Integer, Integer> read = reader.map("map", Codecs.ints(), Codecs.ints());
            for (int value = 0; value < 1_000; value++) {
                map.put(1, value);
                assertThat(read.get(1)).isEqualTo(value);
            }
            assertThatThrownBy(() -> read.put(1, 3))
                    .isInstanceOf(RallocatorException.class)
                    .hasMessageContaining("read-only");
            assertThat(map).containsEntry(1, 999);
            assertRefused(() -> pool.open("?" + readers), "not one for the role read-write");
            try (RemoteHeap again = pool.open("?role=read-only&" + writers)) {
                assertThat(again.map("map", Codecs.ints(), Codecs.ints())).containsEntry(1, 999);
            }
        }
        pool.check();
    }

    @Test
    void shouldLetInWhoHasACertificateOnly() throws Exception {
        final TestCertificates authority = new TestCertificates(folder, "ours");
        final TestCertificates foreign = new TestCertificates(folder, "theirs");
        final TcpBladeOptions options = local().tls(authority.of("localhost"));
        final TcpPool pool = new TcpPool(folder, options);
        try (pool) {
            final String address = pool.address().replace("127.0.0.1", "localhost");
            final String ours = authority.parameters("worker");
            try (RemoteHeap heap = RemoteHeap.open(address + "?" + ours)) {
                final RemoteMap<Integer, byte[]> map = heap.map("map", Codecs.ints(), Codecs.bytes());
                final byte[] large = new byte[3 << 20];
                Arrays.fill(large, (byte) 7);
                map.put(1, large);
                assertThat(map.get(1)).isEqualTo(large);
            }
            // The blade's certificate is of localhost, not of 127.0.0.1.
            assertRefused(() -> pool.open("?" + ours), "cannot connect");
            // Of an authority that the blade does not trust, and that does not trust the blade.
            assertRefused(() -> RemoteHeap.open(address + "?" + foreign.parameters("worker")), "cannot connect");
            final String mixed = foreign.parameters("worker")
                    .replace(foreign.trust().toString(), authority.trust().toString());
            assertThatThrownBy(() -> RemoteHeap.open(address + "?" + mixed)).isInstanceOf(RallocatorException.class);
            // Without TLS.
            assertThatThrownBy(() -> RemoteHeap.open(address + "?timeout-ms=2000"))
                    .isInstanceOf(RallocatorException.class);
            assertThat(pool.counters().admitted()).isEqualTo(1);
            assertThat(pool.counters().refused()).isGreaterThanOrEqualTo(3);
        }
        pool.check();
    }

    @Test
    void shouldNotListenForAnybodyOnOtherAddressesUnlessTold() {
        final TcpBladeOptions open = new TcpBladeOptions("//0.0.0.0:0");
        assertThatThrownBy(() -> new TcpPool(folder, open))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--allow-unauthenticated");
        try (TcpPool pool = new TcpPool(folder.resolve("told"), open.allowUnauthenticated());
                RemoteHeap heap = RemoteHeap.open(pool.address().replace("0.0.0.0", "127.0.0.1"))) {
            assertThat(heap.structures()).isEmpty();
        }
    }

    @Test
    void shouldSayWhatIsWrongWhenASecretCannotBeUsed() throws Exception {
        assertThatThrownBy(() -> Token.of("short"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("5 characters");
        try (TcpPool pool = new TcpPool(folder, local())) {
            assertThatThrownBy(() -> pool.open("?token-file=" + folder.resolve("absent")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("absent");
            assertThatThrownBy(() -> pool.open("?tls-key=" + folder))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("tls-trust");
            assertThatThrownBy(() -> pool.open("?role=admin"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("read-only");
            assertThatThrownBy(() -> pool.open("?timeout-ms=0"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("more than 0");
        }
    }

    @Test
    void shouldGreetAndRefuseWhoComesWhenAllConnectionsAreTaken() throws Exception {
        try (TcpPool pool = new TcpPool(folder, local())) {
            final int most = 64 + 16;
            final Socket[] idle = new Socket[most];
            try {
                final InetSocketAddress address =
                        TcpFabricProvider.parse(pool.address().substring("tcp:".length()));
                for (int i = 0; i < most; i++) {
                    idle[i] = new Socket(address.getHostString(), address.getPort());
                }
                assertRefused(pool::open, "too many connections");
            } finally {
                for (final Socket socket : idle) {
                    if (socket != null) {
                        socket.close();
                    }
                }
            }
        }
    }

    private static TcpBladeOptions local() {
        return new TcpBladeOptions("//127.0.0.1:0");
    }
}
