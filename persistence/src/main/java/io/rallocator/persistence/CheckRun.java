package io.rallocator.persistence;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.LongHashSet;

/**
 * One pass of the checker: what it works on, what it found, what it counted. While repairing, a finding that has a fix is
 * fixed at once, so that later steps read the repaired bytes.
 *
 * <p>Threads: one.
 */
final class CheckRun {
    /** Findings kept in full; more are only counted. */
    static final int MOST_FINDINGS = 1_000;

    final NvmRegion region;
    final Superblock superblock;
    final PoolGeometry geometry;
    final Map<Integer, StructureType> types;
    final boolean repairing;

    final List<Finding> findings = new ArrayList<>();
    final Map<Finding.Severity, Long> open = new EnumMap<>(Finding.Severity.class);
    final List<CheckReport.StructureFigures> structures = new ArrayList<>();
    final List<CheckReport.SessionFigures> sessions = new ArrayList<>();
    private final LongHashSet damagedBlocks = new LongHashSet();
    long suppressed;
    long repaired;
    long leakedSlabs;
    long leakedBlocks;
    long doubleAllocations;
    long unsettledBlocks;
    long unknownBlocks;
    long liveBlocks;
    long liveBytes;
    long heldBytes;
    int usedUnits;
    int[][] slabs;

    CheckRun(
            final NvmRegion region,
            final Superblock superblock,
            final Map<Integer, StructureType> types,
            final boolean repairing) {
        this.region = region;
        this.superblock = superblock;
        this.geometry = superblock.geometry();
        this.types = types;
        this.repairing = repairing;
        this.slabs = new int[SlabTableDescriptor.RECOVERING + 1][geometry.slabClasses()];
    }

    void found(final Finding.Severity severity, final long offset, final String what) {
        add(new Finding(severity, offset, what, false, false));
    }

    /** Something that {@code fix} puts right. */
    void found(final Finding.Severity severity, final long offset, final String what, final Runnable fix) {
        if (repairing) {
            fix.run();
            repaired++;
        }
        add(new Finding(severity, offset, what, true, repairing));
    }

    private void add(final Finding finding) {
        if (!finding.repaired()) {
            open.merge(finding.severity(), 1L, Long::sum);
        }
        if (findings.size() < MOST_FINDINGS) {
            findings.add(finding);
        } else {
            suppressed++;
        }
    }

    /** Damage of a block, named once however many steps meet it. */
    void damagedBlock(final long offset, final String what) {
        if (damagedBlocks.size() >= MOST_FINDINGS || damagedBlocks.add(offset)) {
            found(Finding.Severity.DAMAGE, offset, what);
        }
    }

    /**
     * Reads a checked word and names it if it is damaged.
     *
     * @param what the word's name
     * @param replacement what belongs there
     * @return the word; the replacement if it is damaged
     */
    long checkedWord(final long offset, final String what, final long replacement) {
        final long word = region.readLong(offset);
        if (CheckedWord.isValid(word)) {
            return word;
        }
        damagedWord(offset, what, word, replacement);
        return replacement;
    }

    void damagedWord(final long offset, final String what, final long word, final long replacement) {
        found(
                Finding.Severity.DAMAGE,
                offset,
                "damaged " + what + ": word " + hex(word) + " fails its check",
                () -> write(offset, replacement));
    }

    /** Writes and persists a word. */
    void write(final long offset, final long word) {
        region.writeLong(offset, word);
        region.persist(offset, Long.BYTES);
    }

    static String hex(final long word) {
        return "0x" + Long.toHexString(word);
    }
}
