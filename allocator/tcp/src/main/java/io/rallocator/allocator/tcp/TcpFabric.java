package io.rallocator.allocator.tcp;

import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import io.rallocator.persistence.Superblock;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.UUID;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The {@code tcp} fabric: one connection to the blade, which executes the chains. The blade holds the lock of the session's line for as
 * long as the connection lasts, and is heard on it; a worker whose connection is lost has lost its session.
 */
final class TcpFabric implements Fabric {
    private final String name;
    private final TcpConnection connection;
    private final ControlRequest control;
    private final Superblock superblock;
    private int queuePairs;

    private TcpFabric(
            final String name,
            final TcpConnection connection,
            final ControlRequest control,
            final Superblock superblock) {
        this.name = name;
        this.connection = connection;
        this.control = control;
        this.superblock = superblock;
    }

    /**
     * Connects, and is admitted.
     *
     * @throws PoolUnavailableException if nobody listens there, or the blade refuses this worker
     */
    static TcpFabric open(final InetSocketAddress address, final TcpOptions options) {
        final String name = "tcp://" + address.getHostString() + ":" + address.getPort();
        TcpConnection connection = null;
        try {
            connection = new TcpConnection(name, connect(address, options));
            final ControlRequest control = new ControlRequest();
            connection.add(control);
            final Superblock superblock = new Greeting(name, connection, control).exchange(options);
            return new TcpFabric(name, connection, control, superblock);
        } catch (final IOException e) {
            throw new PoolUnavailableException(
                    "cannot connect to " + name + ": " + e + "; does a blade listen there (`rallocator blade --listen "
                            + name + "`)?",
                    e);
        } catch (final RuntimeException e) {
            if (connection != null) {
                connection.close();
            }
            throw e;
        }
    }

    private static Socket connect(final InetSocketAddress address, final TcpOptions options) throws IOException {
        final Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(address.getHostString(), address.getPort()), options.timeoutMs);
            socket.setSoTimeout(options.timeoutMs);
            return options.tls == null ? socket : secure(socket, address, options.tls);
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket secure(final Socket socket, final InetSocketAddress address, final Tls tls)
            throws IOException {
        final SSLSocket secured = (SSLSocket) tls.ofWorker()
                .getSocketFactory()
                .createSocket(socket, address.getHostString(), address.getPort(), true);
        final SSLParameters parameters = secured.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the certificate must be of this host
        secured.setSSLParameters(parameters);
        secured.startHandshake();
        return secured;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public PoolGeometry geometry() {
        return superblock.geometry();
    }

    @Override
    public UUID poolId() {
        return superblock.poolId();
    }

    @Override
    public Durability durability() {
        return superblock.durability();
    }

    /** What was sent before the connection broke may be executed until the blade knows that it did. */
    @Override
    public boolean isSynchronous() {
        return false;
    }

    @Override
    public QueuePair connect() {
        return connect(geometry().capacity());
    }

    /** The same to a region of another size than the superblock says. */
    QueuePair connect(final long capacity) {
        return new TcpQueuePair(connection, ++queuePairs, capacity);
    }

    @Override
    public SessionLock tryLock(final int session) {
        GreetingFrame.lock(control.frame, session);
        final UnsafeBuffer reply = Greeting.call(connection, control);
        return Frame.status(reply, 0) == Frame.OK ? this::unlock : null;
    }

    private void unlock() {
        if (connection.isLost()) {
            return; // and so is the lock
        }
        try {
            GreetingFrame.unlock(control.frame);
            Greeting.call(connection, control);
        } catch (final SessionFencedException | PoolUnavailableException e) {
            connection.close(); // lost just now: the blade drops the lock
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
