package io.rallocator.persistence;

import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * What a module that defines a structure tells recovery and the checker about it: how its blocks are reached.
 * Implementations are found by {@link ServiceLoader}.
 */
public interface StructureType {
    /**
     * The code in {@link RootDescriptor#TYPE_OFFSET}.
     *
     * @return from 1
     */
    int code();

    /**
     * A word for people.
     *
     * @return such as "map"
     */
    String name();

    /**
     * Opens the tracer of one structure.
     *
     * @param region the pool
     * @param geometry of the pool
     * @param root index of the structure's root word
     * @param rootRef reference of its root block, whose header was verified
     * @return the tracer, for one thread
     */
    StructureTracer tracer(NvmRegion region, PoolGeometry geometry, int root, long rootRef);

    /**
     * Every type on the class path.
     *
     * @return by code
     */
    static Map<Integer, StructureType> installed() {
        final Map<Integer, StructureType> types = new TreeMap<>();
        for (final StructureType type : ServiceLoader.load(StructureType.class, StructureType.class.getClassLoader())) {
            types.put(type.code(), type);
        }
        return types;
    }
}
