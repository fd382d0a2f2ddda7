package io.rallocator.collections;

import java.util.Arrays;

/** The kinds of arrays: what their extents hold. */
enum ArrayKind {
    /** 64-bit integers, as they are. */
    LONGS(3, "long array", Long.BYTES),
    /** Bytes, as they are. */
    BYTES(4, "byte array", 1),
    /** Slot words that lead to elements. */
    ELEMENTS(5, "array", Long.BYTES),
    /** Which blades have the parts of a structure: see {@link Placement}. */
    PLACEMENT(6, "structure over several blades", Long.BYTES);

    private final int type;
    private final String typeName;
    private final int elementBytes;

    ArrayKind(final int type, final String typeName, final int elementBytes) {
        this.type = type;
        this.typeName = typeName;
        this.elementBytes = elementBytes;
    }

    /** Tells whether a structure type is one of arrays that an application knows of. */
    static boolean isArray(final int type) {
        return Arrays.stream(values()).anyMatch(kind -> kind.type == type && kind != PLACEMENT);
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
