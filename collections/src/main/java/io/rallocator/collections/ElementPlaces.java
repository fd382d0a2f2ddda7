package io.rallocator.collections;

/** What a structure says of the place of one of its elements, for those who must be told. */
interface ElementPlaces {
    /** The structure's name. */
    String name();

    /** What it is, such as {@code map}. */
    String typeName();

    /** How a number says where an element is. */
    UnreadableElementException.Place place();

    /**
     * Finds the word that leads to an element. May cost some round trips.
     *
     * @param number of the element: a hash, an index, or the offset itself
     * @return offset in the pool
     */
    long wordOffset(long number);
}
