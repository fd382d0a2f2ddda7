package io.rallocator.allocator.rdma;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/** Layout of an IPv4 address as the connection manager takes it ({@code struct sockaddr_in}). DiSNI knows no IPv6. */
final class SocketAddress4 {
    static final int BYTES = 28; // the manager may copy as much as an IPv6 address has
    static final int FAMILY_OFFSET = 0;
    static final int PORT_OFFSET = 2;
    static final int ADDRESS_OFFSET = 4;

    private static final short INTERNET = 2;

    private SocketAddress4() {}

    static UnsafeBuffer of(final String host, final int port) throws IOException {
        for (final InetAddress address : InetAddress.getAllByName(host)) {
            if (address instanceof Inet4Address) {
                final UnsafeBuffer buffer = empty();
                buffer.putShort(FAMILY_OFFSET, INTERNET);
                buffer.putShort(PORT_OFFSET, (short) port, ByteOrder.BIG_ENDIAN);
                buffer.putBytes(ADDRESS_OFFSET, address.getAddress());
                return buffer;
            }
        }
        throw new IOException(host + " has no IPv4 address, and rdma:// knows no other");
    }

    static UnsafeBuffer empty() {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(BYTES));
    }

    static int port(final UnsafeBuffer buffer) {
        return Short.toUnsignedInt(buffer.getShort(PORT_OFFSET, ByteOrder.BIG_ENDIAN));
    }
}
