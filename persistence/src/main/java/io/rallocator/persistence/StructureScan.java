package io.rallocator.persistence;

/**
 * What following all links of one structure counts.
 *
 * @param elements of the structure: entries, elements, or the length of an array of longs or bytes
 * @param blocks that links reach, the root block included
 * @param bytes of these blocks
 * @param unreadable links that lead to no block of the structure: damage, or, if nothing keeps what was unlinked, a change
 *     meanwhile
 */
public record StructureScan(long elements, long blocks, long bytes, long unreadable) {
    /**
     * Follows a structure to its end, or to where it cannot be followed.
     *
     * @param tracer of the structure, not used before
     * @param mostBlocks how many blocks a pool can have: a tracer that finds more goes in circles
     * @return what it found
     */
    public static StructureScan of(final StructureTracer tracer, final long mostBlocks) {
        final Counter counter = new Counter(mostBlocks);
        try {
            tracer.trace(counter);
        } catch (final CorruptedPoolException e) {
            counter.damage(0, e.getMessage());
        }
        return new StructureScan(tracer.tracedElements(), counter.blocks, counter.bytes, counter.unreadable);
    }

    /** Counts what a tracer finds. */
    private static final class Counter implements StructureTracer.Visitor {
        private final long mostBlocks;
        private long blocks;
        private long bytes;
        private long unreadable;

        Counter(final long mostBlocks) {
            this.mostBlocks = mostBlocks;
        }

        @Override
        public void block(final long ref, final long linkOffset) {
            if (++blocks > mostBlocks) {
                throw new CorruptedPoolException("the links from offset " + linkOffset + " go in circles");
            }
            bytes += SizeClasses.bytes(BlockRef.blockClass(ref));
        }

        @Override
        public void damage(final long offset, final String what) {
            unreadable++;
        }
    }
}
