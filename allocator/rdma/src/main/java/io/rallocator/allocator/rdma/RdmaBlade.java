package io.rallocator.allocator.rdma;

import io.rallocator.allocator.Blade;
import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolUnavailableException;
import java.io.IOException;
import java.nio.file.Path;
import org.agrona.CloseHelper;

/**
 * Serves a pool to workers that reach it by RDMA. The blade's own changes of shared words go through its device (I3), so workers of this
 * host open {@code rdma://} too: {@code local:} is refused while this blade serves.
 *
 * <p>A worker that is let in may change every byte of the pool: there is no admission beside the network's. Hence
 * {@link RdmaBladeOptions#allowUnauthenticated()}.
 *
 * <p>Threads: one that accepts, and one for each worker's control connection, which sleeps but for heartbeats. The methods may be
 * called by any.
 */
public final class RdmaBlade implements AutoCloseable {
    private static final int LOOPBACK_MS = 10_000;

    private final RdmaBladeOptions options;
    private final Transport.Device device;
    private final Blade blade;
    private final RdmaServer server;
    private NicRegion region;

    private RdmaBlade(final Path pool, final Transport transport, final RdmaBladeOptions options) {
        this.options = options;
        device = open(transport, options.host());
        Blade opened = null;
        try {
            opened = Blade.open(pool, mapped -> throughDevice(pool, transport, mapped));
            blade = opened;
            server = RdmaServer.start(
                    new RdmaServer.Served(
                            blade.pool(),
                            blade.region(),
                            region.memory(),
                            blade.geometry(),
                            blade.superblock().encode()),
                    device,
                    options);
        } catch (final RuntimeException e) {
            CloseHelper.closeAll(e::addSuppressed, opened, device);
            throw e;
        }
    }

    /**
     * Recovers a pool and begins to serve it.
     *
     * @param pool file of the pool: on tmpfs or a devdax device, since a device may write to few other files
     * @param options where and for whom
     * @return the blade
     * @throws PoolUnavailableException if there is no libdisni, no device, too little memory that may be locked, a file that cannot be
     *     registered, or a device without atomics: the message says which
     * @throws io.rallocator.persistence.PoolInUseException if another blade serves the pool
     * @throws IllegalArgumentException if the options would let in anybody and do not say so
     */
    public static RdmaBlade open(final Path pool, final RdmaBladeOptions options) {
        options.requireSafe();
        return open(pool, new DisniTransport(), options);
    }

    static RdmaBlade open(final Path pool, final Transport transport, final RdmaBladeOptions options) {
        return new RdmaBlade(pool, transport, options);
    }

    private static Transport.Device open(final Transport transport, final String host) {
        try {
            return transport.open(host);
        } catch (final IOException e) {
            throw new PoolUnavailableException(
                    "cannot use RDMA on " + host + ": "
                            + String.valueOf(e.getMessage()).strip()
                            + "; `rdma link` and `ip address` show which addresses have a device",
                    e);
        }
    }

    private NvmRegion throughDevice(final Path pool, final Transport transport, final MappedNvmRegion mapped) {
        final Registration registration =
                new Registration(device, pool, mapped.address(), mapped.capacity(), options.segmentBytes());
        Transport.Endpoint endpoint = null;
        try {
            endpoint = Loopback.connect(transport, device, options.host(), LOOPBACK_MS);
            region = new NicRegion(mapped, registration, endpoint);
            return region;
        } catch (final IOException e) {
            CloseHelper.closeAll(endpoint, registration);
            throw new PoolUnavailableException(
                    "the RDMA device of " + options.host() + " cannot be reached from its own host: " + e.getMessage(),
                    e);
        } catch (final RuntimeException e) {
            CloseHelper.closeAll(e::addSuppressed, registration);
            throw e;
        }
    }

    /**
     * Where workers find this blade.
     *
     * @return the address without parameters, with the actual port
     */
    public String address() {
        return server.address();
    }

    /**
     * The blade, whose words are changed through the device: {@code TcpBlade} may serve it as well.
     *
     * @return closed with this
     */
    public Blade served() {
        return blade;
    }

    /** Breaks every connection, recovers the sessions and stops serving. Idempotent. */
    @Override
    public void close() {
        server.close();
        blade.close();
        device.close();
    }
}
