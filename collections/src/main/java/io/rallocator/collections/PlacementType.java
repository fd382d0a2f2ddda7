package io.rallocator.collections;

/**
 * Tells recovery and the checker how the blocks of the placement of a structure that is on several blades are reached. Found by
 * {@link java.util.ServiceLoader}.
 */
public final class PlacementType extends ArrayStructureType {
    /** For {@link java.util.ServiceLoader}. */
    public PlacementType() {
        super(ArrayKind.PLACEMENT);
    }
}
