package io.rallocator.collections;

/** What the root block of a structure says. */
final class StructureRoot {
    private final int index;
    private final long offset;
    private final String name;
    private final int type;
    private final long parameter;
    private final String firstCodec;
    private final String secondCodec;

    StructureRoot(
            final int index,
            final long offset,
            final String name,
            final int type,
            final long parameter,
            final String firstCodec,
            final String secondCodec) {
        this.index = index;
        this.offset = offset;
        this.name = name;
        this.type = type;
        this.parameter = parameter;
        this.firstCodec = firstCodec;
        this.secondCodec = secondCodec;
    }

    /** Index in the root table: the structure's number. */
    int index() {
        return index;
    }

    /** Where the root block is; it never moves. */
    long offset() {
        return offset;
    }

    String name() {
        return name;
    }

    int type() {
        return type;
    }

    long parameter() {
        return parameter;
    }

    /** Id of the key's or element's codec. */
    String firstCodec() {
        return firstCodec;
    }

    /** Id of the value's codec, or empty. */
    String secondCodec() {
        return secondCodec;
    }
}
