package io.rallocator.collections;

/**
 * How an array is cut: into at most {@link Placement#PARTS} runs of equally many elements, of which the last has the rest.
 *
 * @param length elements of the array
 */
record Stripes(long length) {
    /** Fewer elements are not worth another part. */
    private static final int LEAST = 512;

    /** What is done with a run of elements that is in one part. */
    @FunctionalInterface
    interface Visitor {
        /**
         * Visits a run.
         *
         * @param part number
         * @param index in the part
         * @param done elements that were visited before
         * @param length elements
         */
        void visit(int part, long index, long done, long length);
    }

    private long elementsInPart() {
        final long even = (length + Placement.PARTS - 1) / Placement.PARTS;
        return Math.max(LEAST, (even + LEAST - 1) / LEAST * LEAST);
    }

    int partOf(final long index) {
        return (int) (index / elementsInPart());
    }

    long inPart(final long index) {
        return index % elementsInPart();
    }

    /** Length of a part. */
    long lengthOf(final int part) {
        return Math.min(elementsInPart(), length - part * elementsInPart());
    }

    /** Parts that have elements. */
    int count() {
        return length == 0 ? 0 : partOf(length - 1) + 1;
    }

    /**
     * Visits a range part by part.
     *
     * @param from first element
     * @param count elements
     * @param most elements of one visit
     * @param visitor of each run
     */
    void forEach(final long from, final long count, final int most, final Visitor visitor) {
        for (long done = 0; done < count; ) {
            final int part = partOf(from + done);
            final long index = inPart(from + done);
            final long length = Math.min(Math.min(most, count - done), lengthOf(part) - index);
            visitor.visit(part, index, done, length);
            done += length;
        }
    }
}
