package io.rallocator.allocator.rdma;

import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.FabricProvider;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/** Finds blades at {@code rdma://HOST:PORT}. */
public final class RdmaFabricProvider implements FabricProvider {
    private static final String TIMEOUT = "timeout-ms";
    private static final String DEFAULT_TIMEOUT_MS = "30000";

    @Override
    public String scheme() {
        return "rdma";
    }

    @Override
    public List<String> parameters() {
        return List.of(TIMEOUT);
    }

    @Override
    public Fabric open(final String address, final Map<String, String> parameters) {
        final InetSocketAddress parsed = parse(address);
        final int timeoutMs = timeoutMs(parameters.getOrDefault(TIMEOUT, DEFAULT_TIMEOUT_MS));
        return RdmaFabric.open(new DisniTransport(), parsed, timeoutMs);
    }

    static int timeoutMs(final String text) {
        try {
            final int timeoutMs = Integer.parseInt(text);
            if (timeoutMs > 0) {
                return timeoutMs;
            }
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException(TIMEOUT + " is '" + text + "', which is no number of milliseconds", e);
        }
        throw new IllegalArgumentException(TIMEOUT + " is '" + text + "'; it must be more than 0");
    }

    /**
     * Reads an address.
     *
     * @param address {@code //HOST:PORT}; the host has an IPv4 address
     * @return not resolved yet
     * @throws IllegalArgumentException if it is none
     */
    static InetSocketAddress parse(final String address) {
        final String text = address.startsWith("//") ? address.substring(2) : "";
        final int colon = text.lastIndexOf(':');
        try {
            final String host = text.substring(0, Math.max(0, colon));
            final int port = Integer.parseInt(text.substring(colon + 1));
            if (host.isEmpty() || host.contains(",") || host.contains(":")) {
                throw new IllegalArgumentException("'" + host + "' is no host that rdma:// knows");
            }
            return InetSocketAddress.createUnresolved(host, port);
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "cannot use the address 'rdma:" + address
                            + "': write rdma://HOST:PORT, such as rdma://10.0.0.1:7700",
                    e);
        }
    }
}
