package io.rallocator.collections;

/** Tells recovery and the checker how the blocks of arrays of longs are reached. Found by {@link java.util.ServiceLoader}. */
public final class LongArrayType extends ArrayStructureType {
    /** For {@link java.util.ServiceLoader}. */
    public LongArrayType() {
        super(ArrayKind.LONGS);
    }
}
