package io.rallocator.allocator.rdma;

import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets workers in: one {@link WorkerConnection} each. */
final class RdmaServer implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(RdmaServer.class);
    private static final int SPARE_CONNECTIONS = 16;

    /**
     * What is served.
     *
     * @param pool beside whose file the locks are
     * @param region changed by the device
     * @param memory the same as the device knows it
     * @param geometry of the pool
     * @param superblock encoded
     */
    record Served(Path pool, NvmRegion region, RemoteMemory memory, PoolGeometry geometry, UnsafeBuffer superblock) {}

    private final Served served;
    private final Transport.Device device;
    private final RdmaBladeOptions options;
    private final ServerSocket socket;
    private final Thread acceptor = new Thread(this::acceptAll, "rallocator-rdma-blade");
    private final Set<WorkerConnection> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private RdmaServer(final Served served, final Transport.Device device, final RdmaBladeOptions options) {
        this.served = served;
        this.device = device;
        this.options = options;
        socket = bind(options);
        acceptor.setDaemon(true);
    }

    /**
     * Begins to listen.
     *
     * @throws PoolUnavailableException if it cannot listen there
     */
    static RdmaServer start(final Served served, final Transport.Device device, final RdmaBladeOptions options) {
        final RdmaServer server = new RdmaServer(served, device, options);
        server.acceptor.start();
        return server;
    }

    private static ServerSocket bind(final RdmaBladeOptions options) {
        try {
            final ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(options.host(), options.port()));
            return socket;
        } catch (final IOException e) {
            throw new PoolUnavailableException(
                    "cannot listen on " + options.host() + ":" + options.port() + ": " + e.getMessage()
                            + "; choose another port, 0 for any that is free",
                    e);
        }
    }

    private void acceptAll() {
        while (!closed) {
            try {
                admit(socket.accept());
            } catch (final IOException e) {
                if (!closed) {
                    LOGGER.warn("a worker could not be accepted", e);
                }
            }
        }
    }

    private void admit(final Socket worker) throws IOException {
        final WorkerConnection connection = new WorkerConnection(this, worker);
        synchronized (this) {
            if (!closed && connections.size() < served.geometry().sessions() + SPARE_CONNECTIONS) {
                connections.add(connection);
                connection.start();
                return;
            }
        }
        LOGGER.warn("{} is turned away: there are {} connections", worker.getRemoteSocketAddress(), connections.size());
        worker.close();
    }

    Served served() {
        return served;
    }

    Transport.Device device() {
        return device;
    }

    int leaseMs() {
        return options.leaseMs();
    }

    void leave(final WorkerConnection connection) {
        connections.remove(connection);
    }

    /** Where workers find it. */
    String address() {
        return "rdma://" + options.host() + ":" + socket.getLocalPort();
    }

    /** Breaks every connection, and returns when no request of a worker is executed any more. Idempotent. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        CloseHelper.close(socket);
        for (final WorkerConnection connection : connections) {
            connection.close();
        }
    }
}
