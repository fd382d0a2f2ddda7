package io.rallocator.collections;

import io.rallocator.persistence.StructureScan;

/**
 * What a structure holds, counted by following all its links, while others may change it.
 *
 * @param info name, type, codecs and time of creation
 * @param elements entries of a map, elements of a queue, elements of an array of objects that are not null, length of
 *     another array
 * @param blocks that it occupies
 * @param bytes of these blocks
 * @param unreadable links that could not be followed: damage, see {@code rallocator check}, or a structural change that was
 *     under way
 */
public record StructureStatistics(StructureInfo info, long elements, long blocks, long bytes, long unreadable) {
    static StructureStatistics of(final StructureRoot root, final StructureScan scan) {
        return new StructureStatistics(
                StructureInfo.of(root), scan.elements(), scan.blocks(), scan.bytes(), scan.unreadable());
    }
}
