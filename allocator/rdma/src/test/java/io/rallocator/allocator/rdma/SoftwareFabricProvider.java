package io.rallocator.allocator.rdma;

import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.FabricProvider;
import java.util.List;
import java.util.Map;

/** Finds blades at {@code softrdma://HOST:PORT}, whose device is {@link #NIC}. */
public final class SoftwareFabricProvider implements FabricProvider {
    static final SoftwareNic NIC = new SoftwareNic();

    @Override
    public String scheme() {
        return "softrdma";
    }

    @Override
    public List<String> parameters() {
        return List.of();
    }

    @Override
    public Fabric open(final String address, final Map<String, String> parameters) {
        return RdmaFabric.open(NIC, RdmaFabricProvider.parse(address), 30_000);
    }
}
