package io.rallocator.allocator.rdma;

import io.rallocator.persistence.Superblock;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The worker's side of {@link ControlProtocol}. An {@link IOException} means that the connection is of no more use, unless it is a
 * {@link RefusalException}.
 *
 * <p>Threads: any; requests take turns.
 */
final class Control implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final ReentrantLock turn = new ReentrantLock();
    private final Superblock superblock;
    private final RemoteMemory memory;
    private final int leaseMs;
    private final int port;

    /** The blade says no, and why. */
    static final class RefusalException extends IOException {
        private static final long serialVersionUID = 1;

        RefusalException(final String reason) {
            super(reason);
        }
    }

    /** Connects and greets. */
    Control(final String name, final InetSocketAddress address, final int timeoutMs) throws IOException {
        socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(address.getHostString(), address.getPort()), timeoutMs);
            socket.setSoTimeout(timeoutMs);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
            out.writeLong(ControlProtocol.MAGIC);
            out.writeInt(ControlProtocol.VERSION);
            out.flush();
            requireOk();
            requireVersion(in.readInt());
            leaseMs = in.readInt();
            port = in.readInt();
            superblock = readSuperblock(name);
            memory = readMemory();
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static void requireVersion(final int version) throws IOException {
        if (version != ControlProtocol.VERSION) {
            throw new RefusalException("the blade speaks version " + version + " of the protocol, this library "
                    + ControlProtocol.VERSION + "; use the blade's version of RAllocator");
        }
    }

    private Superblock readSuperblock(final String name) throws IOException {
        final byte[] bytes = new byte[length(in.readInt(), ControlProtocol.MAX_SUPERBLOCK_BYTES)];
        in.readFully(bytes);
        return Superblock.verified(name, new UnsafeBuffer(bytes));
    }

    private RemoteMemory readMemory() throws IOException {
        final long address = in.readLong();
        final long capacity = in.readLong();
        final int segmentBytes = in.readInt();
        final int[] rkeys = new int[length(in.readInt(), ControlProtocol.MAX_SEGMENTS)];
        for (int i = 0; i < rkeys.length; i++) {
            rkeys[i] = in.readInt();
        }
        try {
            return new RemoteMemory(address, capacity, segmentBytes, rkeys);
        } catch (final IllegalArgumentException e) {
            throw new IOException("the blade does not answer as one: " + e.getMessage(), e);
        }
    }

    private static int length(final int length, final int most) throws IOException {
        if (length <= 0 || length > most) {
            throw new IOException("the blade does not answer as one: a length of " + length);
        }
        return length;
    }

    private byte requireOk() throws IOException {
        final byte status = in.readByte();
        if (status == ControlProtocol.REFUSED) {
            throw new RefusalException("the blade says: " + in.readUTF());
        }
        if (status != ControlProtocol.OK && status != ControlProtocol.TAKEN) {
            throw new IOException("the blade does not answer as one: status " + status);
        }
        return status;
    }

    Superblock superblock() {
        return superblock;
    }

    RemoteMemory memory() {
        return memory;
    }

    int leaseMs() {
        return leaseMs;
    }

    /** Where to connect by RDMA. */
    int port() {
        return port;
    }

    boolean lock(final int session) throws IOException {
        turn.lock();
        try {
            out.writeByte(ControlProtocol.LOCK);
            out.writeInt(session);
            out.flush();
            return requireOk() == ControlProtocol.OK;
        } finally {
            turn.unlock();
        }
    }

    void unlock() throws IOException {
        request(ControlProtocol.UNLOCK);
    }

    /** Says that this worker lives, unless another request says so now. */
    void ping() throws IOException {
        if (turn.tryLock()) {
            try {
                request(ControlProtocol.PING);
            } finally {
                turn.unlock();
            }
        }
    }

    private void request(final byte type) throws IOException {
        turn.lock();
        try {
            out.writeByte(type);
            out.flush();
            requireOk();
        } finally {
            turn.unlock();
        }
    }

    /** What connects by RDMA while the blade waits for it. */
    interface Connector {
        Transport.Endpoint connect() throws IOException;
    }

    /** A connection, and the blade's number of it. */
    record Connected(Transport.Endpoint endpoint, int number) {}

    Connected connect(final Connector connector) throws IOException {
        turn.lock();
        try {
            out.writeByte(ControlProtocol.CONNECT);
            out.flush();
            final Transport.Endpoint endpoint = connector.connect();
            try {
                requireOk();
                return new Connected(endpoint, in.readInt());
            } catch (final IOException e) {
                endpoint.close();
                throw e;
            }
        } finally {
            turn.unlock();
        }
    }

    void disconnect(final int number) throws IOException {
        turn.lock();
        try {
            out.writeByte(ControlProtocol.DISCONNECT);
            out.writeInt(number);
            out.flush();
            requireOk();
        } finally {
            turn.unlock();
        }
    }

    void persist(final Ranges ranges) throws IOException {
        turn.lock();
        try {
            for (int from = 0; from < ranges.count(); from += ControlProtocol.MAX_RANGES) {
                persist(ranges, from, Math.min(ranges.count(), from + ControlProtocol.MAX_RANGES));
            }
        } finally {
            turn.unlock();
        }
    }

    private void persist(final Ranges ranges, final int from, final int to) throws IOException {
        out.writeByte(ControlProtocol.PERSIST);
        out.writeInt(to - from);
        for (int range = from; range < to; range++) {
            out.writeLong(ranges.offset(range));
            out.writeLong(ranges.length(range));
        }
        out.flush();
        requireOk();
    }

    /** May be called by any thread, and ends a request that is under way. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
