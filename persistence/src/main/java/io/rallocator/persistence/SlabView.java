package io.rallocator.persistence;

/** What the checker knows about one slab that holds blocks, and which of its blocks links reach. */
final class SlabView {
    /** State: the word is zero; nothing was linked in this life of the slab. */
    static final int UNUSED = 0;

    /** State: the word fails its check. */
    static final int DAMAGED = -1;

    final int unit;
    final int slabClass;
    final int generation;

    /** How the slab is divided: from its header, or from the first link into it where the header is damaged; or null. */
    SlabLayout layout;

    /** True if the header is whole and of this life of the slab. */
    boolean hasHeader;

    /** {@link SlabLayout#OPEN}, {@link SlabLayout#SEALED}, {@link #UNUSED} or {@link #DAMAGED}. */
    int state;

    /** Blocks that links reach. */
    int reachedCount;

    private long[] reached;
    private byte[] generations;

    SlabView(final int unit, final int slabClass, final int generation) {
        this.unit = unit;
        this.slabClass = slabClass;
        this.generation = generation;
    }

    /** Notes that a link reaches a block; false if another one did before. */
    boolean reach(final int index, final int blockGeneration) {
        if (reached == null) {
            reached = new long[layout.bitmapWords()];
            generations = new byte[layout.blocks()];
        }
        final long bit = 1L << index;
        if ((reached[index >>> 6] & bit) != 0) {
            return false;
        }
        reached[index >>> 6] |= bit;
        generations[index] = (byte) blockGeneration;
        reachedCount++;
        return true;
    }

    boolean isReached(final int index) {
        return reached != null && (reached[index >>> 6] & 1L << index) != 0;
    }

    /** The generation that the link to a reached block names. */
    int reachedGeneration(final int index) {
        return generations[index] & 0xFF;
    }
}
