package io.rallocator.allocator.tcp;

import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.FabricProvider;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/** Finds blades at {@code tcp://HOST:PORT}. */
public final class TcpFabricProvider implements FabricProvider {
    @Override
    public String scheme() {
        return "tcp";
    }

    @Override
    public List<String> parameters() {
        return TcpOptions.NAMES;
    }

    @Override
    public Fabric open(final String address, final Map<String, String> parameters) {
        return TcpFabric.open(parse(address), new TcpOptions(parameters));
    }

    /**
     * Reads an address.
     *
     * @param address {@code //HOST:PORT}, an IPv6 address in brackets
     * @return not resolved yet
     * @throws IllegalArgumentException if it is none
     */
    public static InetSocketAddress parse(final String address) {
        final String text = address.startsWith("//") ? address.substring(2) : "";
        final int colon = text.lastIndexOf(':');
        try {
            final String host = text.substring(0, Math.max(0, colon));
            final int port = Integer.parseInt(text.substring(colon + 1));
            final boolean isBracketed = host.startsWith("[") && host.endsWith("]");
            if (host.isEmpty() || host.contains(",") || !isBracketed && host.contains(":")) {
                throw new IllegalArgumentException("'" + host + "' is no host");
            }
            return InetSocketAddress.createUnresolved(isBracketed ? host.substring(1, host.length() - 1) : host, port);
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "cannot use the address 'tcp:" + address + "': write tcp://HOST:PORT, such as tcp://127.0.0.1:7700",
                    e);
        }
    }
}
