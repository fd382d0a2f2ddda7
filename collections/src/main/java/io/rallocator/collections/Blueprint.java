package io.rallocator.collections;

import org.agrona.concurrent.UnsafeBuffer;

/** What the catalog must know to create a structure: a root block and the first block that it leads to. */
interface Blueprint {
    /** Code of the structure type. */
    int type();

    /** A word for people. */
    String typeName();

    /** What the structure needs to know of its own sizes when it is opened again. */
    long parameter();

    /** Size of the root block. */
    int rootBytes();

    /** Size of the first block. */
    int firstBytes();

    /**
     * Fills in the root's own words, and fills and seals the first block. Both are zeroed.
     *
     * @param buffer holds both
     * @param rootAt where the root block begins
     * @param firstAt where the first block begins
     * @param structure root index
     * @param firstRef of the first block
     */
    void fill(UnsafeBuffer buffer, int rootAt, int firstAt, int structure, long firstRef);
}
