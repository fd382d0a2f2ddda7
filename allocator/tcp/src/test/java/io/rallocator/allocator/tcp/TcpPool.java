package io.rallocator.allocator.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.Blade;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import java.nio.file.Path;

/** A pool in a folder of the test's, and its blade, which listens on a port that was free. */
final class TcpPool implements AutoCloseable {
    private final Path file;
    private final TcpBladeOptions options;
    private Blade blade;
    private TcpBlade tcp;

    TcpPool(final Path folder) {
        this(folder, new TcpBladeOptions("//127.0.0.1:0"));
    }

    TcpPool(final Path folder, final TcpBladeOptions options) {
        this.file = folder.resolve("pool");
        this.options = options;
        file.getParent().toFile().mkdirs();
        PoolFile.create(file, PoolGeometry.ofCapacity(64 << 20), true, written -> {});
        serve();
    }

    void serve() {
        blade = Blade.open(file);
        tcp = TcpBlade.listen(blade, options);
    }

    /** Serves the pool again at an address that it had before. */
    void serve(final String hostAndPort) {
        blade = Blade.open(file);
        tcp = TcpBlade.listen(blade, new TcpBladeOptions("//" + hostAndPort));
    }

    Path file() {
        return file;
    }

    String address() {
        return tcp.address();
    }

    BladeCounters counters() {
        return tcp.counters();
    }

    RemoteHeap open() {
        return open("");
    }

    RemoteHeap open(final String parameters) {
        return RemoteHeap.open(address() + parameters);
    }

    /** Stops the blade; workers lose their connections. */
    void stop() {
        tcp.close();
        blade.close();
    }

    /** Verifies that nothing is leaked, allocated twice or damaged. The blade is stopped. */
    void check() {
        final CheckReport report = PoolChecker.check(file);
        assertThat(report.clean()).as(report.toString()).isTrue();
    }

    @Override
    public void close() {
        stop();
    }
}
