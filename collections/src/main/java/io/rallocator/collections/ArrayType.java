package io.rallocator.collections;

/** Tells recovery and the checker how the blocks of arrays of elements are reached. Found by {@link java.util.ServiceLoader}. */
public final class ArrayType extends ArrayStructureType {
    /** For {@link java.util.ServiceLoader}. */
    public ArrayType() {
        super(ArrayKind.ELEMENTS);
    }
}
