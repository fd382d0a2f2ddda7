package io.rallocator.collections;

/** Tells recovery and the checker how the blocks of arrays of bytes are reached. Found by {@link java.util.ServiceLoader}. */
public final class ByteArrayType extends ArrayStructureType {
    /** For {@link java.util.ServiceLoader}. */
    public ByteArrayType() {
        super(ArrayKind.BYTES);
    }
}
