package io.rallocator.examples.cli;

import io.rallocator.allocator.Blade;
import io.rallocator.allocator.rdma.RdmaBlade;
import io.rallocator.allocator.rdma.RdmaBladeOptions;
import io.rallocator.allocator.tcp.TcpBlade;
import io.rallocator.allocator.tcp.TcpBladeOptions;
import java.nio.file.Path;
import org.agrona.CloseHelper;

/** A blade, and what lets workers of other hosts in, if anything does. */
final class ServedPool implements AutoCloseable {
    private final Blade blade;
    private final AutoCloseable listener;
    private final String addresses;
    private final String remote;

    private ServedPool(final Blade blade, final AutoCloseable listener, final String addresses, final String remote) {
        this.blade = blade;
        this.listener = listener;
        this.addresses = addresses;
        this.remote = remote;
    }

    /** Serves workers of this host. */
    static ServedPool local(final Path pool) {
        return new ServedPool(Blade.open(pool), null, "local:" + pool, null);
    }

    /** Serves those that come by TCP too. */
    static ServedPool tcp(final Path pool, final TcpBladeOptions options) {
        final Blade blade = Blade.open(pool);
        try {
            final TcpBlade tcp = TcpBlade.listen(blade, options);
            return new ServedPool(blade, tcp, "local:" + pool + " or " + tcp.address(), tcp.address());
        } catch (final RuntimeException e) {
            blade.close();
            throw e;
        }
    }

    /** Serves those that come by RDMA, and no others. */
    static ServedPool rdma(final Path pool, final RdmaBladeOptions options) {
        final RdmaBlade rdma = RdmaBlade.open(pool, options);
        return new ServedPool(rdma.served(), rdma, rdma.address(), rdma.address());
    }

    Blade blade() {
        return blade;
    }

    /** The heap's addresses for workers, for people. */
    String addresses() {
        return addresses;
    }

    /** The heap's address for workers of other hosts, null if there is none. */
    String remote() {
        return remote;
    }

    @Override
    public void close() {
        CloseHelper.closeAll(listener, blade);
    }
}
