package io.rallocator.allocator.rdma;

import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * The {@code rdma} fabric: a control connection, on which the blade hears that the worker lives, and an RDMA connection for each
 * queue pair. When the control connection ends the blade breaks the others, then takes the session for dead.
 */
final class RdmaFabric implements Fabric {
    private static final long NS_PER_MS = 1_000_000;

    private final String name;
    private final InetSocketAddress address;
    private final Transport transport;
    private final Control control;
    private final int timeoutMs;
    private final Thread heartbeat = new Thread(this::beat, "rallocator-rdma-heartbeat");
    private volatile String lost;

    private RdmaFabric(
            final String name,
            final InetSocketAddress address,
            final Transport transport,
            final Control control,
            final int timeoutMs) {
        this.name = name;
        this.address = address;
        this.transport = transport;
        this.control = control;
        this.timeoutMs = timeoutMs;
        heartbeat.setDaemon(true);
        heartbeat.start();
    }

    /**
     * Reaches a blade.
     *
     * @throws PoolUnavailableException if nobody listens there, or the blade refuses this worker
     */
    static RdmaFabric open(final Transport transport, final InetSocketAddress address, final int timeoutMs) {
        final String name = "rdma://" + address.getHostString() + ":" + address.getPort();
        try {
            return new RdmaFabric(name, address, transport, new Control(name, address, timeoutMs), timeoutMs);
        } catch (final Control.RefusalException e) {
            throw new PoolUnavailableException("cannot use " + name + ": " + e.getMessage(), e);
        } catch (final IOException e) {
            throw new PoolUnavailableException(
                    "cannot connect to " + name + ": " + e + "; does a blade listen there (`rallocator blade --listen "
                            + name + "`)?",
                    e);
        }
    }

    private void beat() {
        final long intervalNs = Math.max(1, control.leaseMs() / 4) * NS_PER_MS;
        while (lost == null) {
            LockSupport.parkNanos(this, intervalNs);
            try {
                if (lost == null) {
                    control.ping();
                }
            } catch (final IOException e) {
                lose(e.toString());
            }
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public PoolGeometry geometry() {
        return control.superblock().geometry();
    }

    @Override
    public UUID poolId() {
        return control.superblock().poolId();
    }

    @Override
    public Durability durability() {
        return control.superblock().durability();
    }

    /** Requests of a chain that failed may be executed until the blade has broken the connection. */
    @Override
    public boolean isSynchronous() {
        return false;
    }

    @Override
    public QueuePair connect() {
        requireAlive();
        final RemoteMemory memory = control.memory();
        try {
            final Control.Connected connected = connectRaw();
            return new RdmaQueuePair(
                    this, connected.number(), memory, new Batch(connected.endpoint(), memory, () -> lost != null));
        } catch (final IOException e) {
            throw new PoolUnavailableException("no RDMA connection to " + name + ": " + lose(e.getMessage()), e);
        }
    }

    /** An RDMA connection that the blade breaks with this fabric. */
    Control.Connected connectRaw() throws IOException {
        return control.connect(
                () -> transport.connect(new InetSocketAddress(address.getHostString(), control.port()), timeoutMs));
    }

    @Override
    public SessionLock tryLock(final int session) {
        requireAlive();
        try {
            return control.lock(session) ? this::unlock : null;
        } catch (final IOException e) {
            throw new PoolUnavailableException(lose(e.toString()), e);
        }
    }

    private void unlock() {
        if (lost != null) {
            return; // and so is the lock
        }
        try {
            control.unlock();
        } catch (final IOException e) {
            lose(e.toString()); // the blade drops the lock
        }
    }

    // ---- for queue pairs

    void requireAlive() {
        final String reason = lost;
        if (reason != null) {
            throw new SessionFencedException(reason);
        }
    }

    /** Makes ranges durable: one message. */
    void persist(final Ranges ranges) throws IOException {
        control.persist(ranges);
    }

    /** Tells the blade that a queue pair is not used any more. */
    void disconnected(final int number) {
        if (lost != null) {
            return;
        }
        try {
            control.disconnect(number);
        } catch (final IOException e) {
            lose(e.toString());
        }
    }

    /**
     * Ends the session: the blade breaks every connection of it when it sees the control connection end.
     *
     * @return the first reason
     */
    synchronized String lose(final String reason) {
        if (lost == null) {
            lost = "the connection to " + name + " is lost (" + reason + "): open a new heap";
            try {
                control.close();
            } catch (final IOException e) {
                lost = lost + "; and its socket cannot be closed: " + e;
            }
            LockSupport.unpark(heartbeat);
        }
        return lost;
    }

    @Override
    public void close() {
        lose("it was closed");
    }
}
