package io.rallocator.collections;

import java.util.Arrays;

/** The three kinds of arrays: what their extents hold. */
enum ArrayKind {
    /** 64-bit integers, as they are. */
    LONGS(3, "long array", Long.BYTES),
    /** Bytes, as they are. */
    BYTES(4, "byte array", 1),
    /** Slot words that lead to elements. */
    ELEMENTS(5, "array", Long.BYTES);

    private final int type;
    private final String typeName;
    private final int elementBytes;

    ArrayKind(final int type, final String typeName, final int elementBytes) {
        this.type = type;
        this.typeName = typeName;
        this.elementBytes = elementBytes;
    }

    /** Tells whether a structure type is one of arrays. */
    static boolean isArray(final int type) {
        return Arrays.stream(values()).anyMatch(kind -> kind.type == type);
    }

    /** Code of the structure type. */
    int type() {
        return type;
    }

    String typeName() {
        return typeName;
    }

    /** Bytes of an element in its extent. */
    int elementBytes() {
        return elementBytes;
    }
}
