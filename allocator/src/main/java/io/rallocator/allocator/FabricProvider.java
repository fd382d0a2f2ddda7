package io.rallocator.allocator;

import java.util.List;
import java.util.Map;

/** A kind of fabric that another module brings, found by {@link java.util.ServiceLoader}. */
public interface FabricProvider {
    /**
     * The scheme of its addresses.
     *
     * @return such as {@code tcp}
     */
    String scheme();

    /**
     * The parameters that its addresses can have.
     *
     * @return their names
     */
    List<String> parameters();

    /**
     * Reaches a blade.
     *
     * @param address what follows the scheme and its colon, without parameters
     * @param parameters those of {@link #parameters()} that were given
     * @return the fabric; close it
     * @throws IllegalArgumentException if the address or a parameter is wrong
     * @throws io.rallocator.persistence.PoolUnavailableException if no blade answers there, or it refuses this worker
     */
    Fabric open(String address, Map<String, String> parameters);
}
