package io.rallocator.allocator.rdma;

import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolLock;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.HashMap;
import java.util.Map;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker, as the blade sees it. When its control connection ends, or is silent for longer than the lease, its RDMA connections are
 * destroyed first, and only then its session's lock is given back: whoever can take the lock knows that no request of the session is
 * executed any more (I7).
 *
 * <p>Threads: one of its own.
 */
final class WorkerConnection implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(WorkerConnection.class);
    private static final int MAX_QUEUE_PAIRS = 1024;
    private static final int ACCEPT_MS = 10_000;

    private final RdmaServer server;
    private final NvmRegion region;
    private final Socket socket;
    private final Thread thread;
    private final Map<Integer, Transport.Endpoint> endpoints = new HashMap<>();
    private DataInputStream in;
    private DataOutputStream out;
    private Transport.Listener listener;
    private PoolLock lock;
    private int lastNumber;

    WorkerConnection(final RdmaServer server, final Socket socket) {
        this.server = server;
        this.region = server.served().region();
        this.socket = socket;
        thread = new Thread(this::run, "rallocator-rdma-" + socket.getRemoteSocketAddress());
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(server.leaseMs());
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
            greet();
            for (; ; ) {
                serve(in.readByte());
                out.flush();
            }
        } catch (final EOFException e) {
            LOGGER.info("{} is gone", socket.getRemoteSocketAddress());
        } catch (final SocketTimeoutException e) {
            LOGGER.warn(
                    "nothing was heard of {} for {} ms: its session is declared dead",
                    socket.getRemoteSocketAddress(),
                    server.leaseMs());
        } catch (final IOException e) {
            LOGGER.info("the connection of {} ends: {}", socket.getRemoteSocketAddress(), e.getMessage());
        } finally {
            end();
        }
    }

    private void end() {
        try {
            endpoints.values().forEach(Transport.Endpoint::close);
            CloseHelper.close(listener);
        } finally {
            CloseHelper.closeAll(lock, socket);
            server.leave(this);
        }
    }

    private void greet() throws IOException {
        if (in.readLong() != ControlProtocol.MAGIC) {
            throw new IOException("it does not greet as a worker");
        }
        final int version = in.readInt();
        if (version != ControlProtocol.VERSION) {
            refuse("version " + version + " of the protocol; this blade speaks " + ControlProtocol.VERSION);
            out.flush();
            throw new IOException("it speaks version " + version);
        }
        listener = server.device().listen();
        out.writeByte(ControlProtocol.OK);
        out.writeInt(ControlProtocol.VERSION);
        out.writeInt(server.leaseMs());
        out.writeInt(listener.port());
        final UnsafeBuffer superblock = server.served().superblock();
        final byte[] bytes = new byte[superblock.capacity()];
        superblock.getBytes(0, bytes);
        out.writeInt(bytes.length);
        out.write(bytes);
        send(server.served().memory());
        out.flush();
    }

    private void send(final RemoteMemory memory) throws IOException {
        out.writeLong(memory.address());
        out.writeLong(memory.capacity());
        out.writeInt(memory.segmentBytes());
        final int[] rkeys = memory.rkeys();
        out.writeInt(rkeys.length);
        for (final int rkey : rkeys) {
            out.writeInt(rkey);
        }
    }

    private void serve(final byte request) throws IOException {
        switch (request) {
            case ControlProtocol.LOCK -> takeLock(in.readInt());
            case ControlProtocol.UNLOCK -> {
                CloseHelper.close(lock);
                lock = null;
                out.writeByte(ControlProtocol.OK);
            }
            case ControlProtocol.CONNECT -> accept();
            case ControlProtocol.DISCONNECT -> {
                CloseHelper.close(endpoints.remove(in.readInt()));
                out.writeByte(ControlProtocol.OK);
            }
            case ControlProtocol.PING -> out.writeByte(ControlProtocol.OK);
            case ControlProtocol.PERSIST -> persist();
            default -> throw new IOException("a request of type " + request);
        }
    }

    private void takeLock(final int session) throws IOException {
        if (session < 0 || session >= server.served().geometry().sessions() || lock != null) {
            throw new IOException("a lock of session " + session + ", or a second one");
        }
        lock = PoolLock.tryAcquire(PoolLock.sessionLock(server.served().pool(), session));
        out.writeByte(lock == null ? ControlProtocol.TAKEN : ControlProtocol.OK);
    }

    private void accept() throws IOException {
        if (endpoints.size() == MAX_QUEUE_PAIRS) {
            refuse("this worker has " + MAX_QUEUE_PAIRS + " connections, which are the most");
            return;
        }
        final Transport.Endpoint endpoint = listener.accept(ACCEPT_MS);
        endpoints.put(++lastNumber, endpoint);
        out.writeByte(ControlProtocol.OK);
        out.writeInt(lastNumber);
    }

    private void persist() throws IOException {
        final int ranges = in.readInt();
        if (ranges < 0 || ranges > ControlProtocol.MAX_RANGES) {
            throw new IOException("a request to persist " + ranges + " ranges");
        }
        try {
            for (int i = 0; i < ranges; i++) {
                region.flush(in.readLong(), in.readLong());
            }
            region.drain();
        } catch (final IndexOutOfBoundsException e) {
            throw new IOException("a request to persist what is not there: " + e.getMessage(), e);
        }
        out.writeByte(ControlProtocol.OK);
    }

    private void refuse(final String reason) throws IOException {
        out.writeByte(ControlProtocol.REFUSED);
        out.writeUTF(reason);
    }

    /** Ends it, and waits until nothing of it is executed any more. */
    @Override
    public void close() {
        CloseHelper.close(socket);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
