package io.rallocator.collections;

import org.agrona.concurrent.UnsafeBuffer;

/** The two halves of a bucket that is split, as built in the lane's write buffer, and the blocks allocated for them. */
final class Division {
    UnsafeBuffer buffer;
    int highAt;
    int lowCount;
    int lowLength;
    int highCount;
    int highLength;

    /** Allocated and not linked, or 0. */
    long lowRef;

    /** Allocated and not linked, or 0. */
    long highRef;
}
