package io.rallocator.persistence;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a check of a pool found and counted. Immutable.
 *
 * <p>What a check does <em>not</em> see: a word that was replaced by an older valid one (a lost write), damage of a link
 * word's version and tags, of plain counters (sequencers, count of orphans), and of bytes that nothing uses.
 */
public final class CheckReport {
    /**
     * One structure.
     *
     * @param root index of its root word
     * @param name of it
     * @param type name of its type
     * @param elements counted by following its links
     * @param claimed what its own counters say, -1 if it keeps none
     * @param blocks reached
     * @param bytes of those blocks
     */
    public record StructureFigures(
            int root, String name, String type, long elements, long claimed, long blocks, long bytes) {}

    /**
     * One session that is not free.
     *
     * @param session line in the session table
     * @param state {@link SessionDescriptor#ACTIVE} or {@link SessionDescriptor#RECOVERING}
     * @param incarnation of it
     * @param name of its worker
     * @param processId of its worker
     * @param epoch that it announced
     */
    public record SessionFigures(int session, int state, int incarnation, String name, long processId, long epoch) {}

    private final Superblock superblock;
    private final List<Finding> findings;
    private final long suppressed;
    private final Map<Finding.Severity, Long> open;
    private final List<StructureFigures> structures;
    private final List<SessionFigures> sessions;
    private final int[][] slabs;
    private final int usedUnits;
    private final long leakedSlabs;
    private final long leakedBlocks;
    private final long doubleAllocations;
    private final long unsettledBlocks;
    private final long unknownBlocks;
    private final long liveBlocks;
    private final long liveBytes;
    private final long heldBytes;

    /** The report of a last pass, after the repairs that earlier passes made. */
    CheckReport(final CheckRun run, final List<Finding> repaired, final long suppressedRepairs) {
        superblock = run.superblock;
        final List<Finding> all = new ArrayList<>(repaired);
        all.addAll(run.findings);
        findings = List.copyOf(all);
        suppressed = run.suppressed + suppressedRepairs;
        open = new EnumMap<>(run.open);
        structures = List.copyOf(run.structures);
        sessions = List.copyOf(run.sessions);
        slabs = run.slabs;
        usedUnits = run.usedUnits;
        leakedSlabs = run.leakedSlabs;
        leakedBlocks = run.leakedBlocks;
        doubleAllocations = run.doubleAllocations;
        unsettledBlocks = run.unsettledBlocks;
        unknownBlocks = run.unknownBlocks;
        liveBlocks = run.liveBlocks;
        liveBytes = run.liveBytes;
        heldBytes = run.heldBytes;
    }

    /** The report of a pool whose superblock cannot be read. */
    CheckReport(final Finding finding) {
        superblock = null;
        findings = List.of(finding);
        suppressed = 0;
        open = new EnumMap<>(Map.of(finding.severity(), 1L));
        structures = List.of();
        sessions = List.of();
        slabs = new int[SlabTableDescriptor.RECOVERING + 1][0];
        usedUnits = 0;
        leakedSlabs = 0;
        leakedBlocks = 0;
        doubleAllocations = 0;
        unsettledBlocks = 0;
        unknownBlocks = 0;
        liveBlocks = 0;
        liveBytes = 0;
        heldBytes = 0;
    }

    /**
     * Tells whether the pool is as it must be: nothing is damaged, in danger or leaked that was not repaired. Notes do
     * not count, nor do unsettled blocks: those are recovery's.
     *
     * @return true if so
     */
    public boolean clean() {
        return open.keySet().stream().allMatch(severity -> severity == Finding.Severity.NOTE);
    }

    /**
     * The superblock.
     *
     * @return empty if both copies are damaged
     */
    public Optional<Superblock> superblock() {
        return Optional.ofNullable(superblock);
    }

    /**
     * What was found, in the order of the check; what was repaired first.
     *
     * @return at most a thousand or so, see {@link #suppressedFindings()}
     */
    public List<Finding> findings() {
        return findings;
    }

    /**
     * Findings beyond those listed.
     *
     * @return count
     */
    public long suppressedFindings() {
        return suppressed;
    }

    /**
     * How many findings of one severity were not repaired, listed or not.
     *
     * @param severity of them
     * @return count
     */
    public long count(final Finding.Severity severity) {
        return open.getOrDefault(severity, 0L);
    }

    /**
     * The structures, by root index.
     *
     * @return those whose root block is whole
     */
    public List<StructureFigures> structures() {
        return structures;
    }

    /**
     * The sessions that are not free.
     *
     * @return by index
     */
    public List<SessionFigures> sessions() {
        return sessions;
    }

    /**
     * How many slabs are in a state.
     *
     * @param state as in {@link SlabTableDescriptor}, not FREE: free memory is counted in units
     * @param slabClass of the slabs
     * @return count
     */
    public int slabs(final int state, final int slabClass) {
        return slabClass < slabs[state].length ? slabs[state][slabClass] : 0;
    }

    /**
     * How many slabs are in a state.
     *
     * @param state as in {@link SlabTableDescriptor}, not FREE: free memory is counted in units
     * @return count
     */
    public int slabs(final int state) {
        int sum = 0;
        for (final int count : slabs[state]) {
            sum += count;
        }
        return sum;
    }

    /**
     * Units of the pool.
     *
     * @return count
     */
    public int units() {
        return superblock == null ? 0 : superblock.geometry().units();
    }

    /**
     * Units in slabs that are not free.
     *
     * @return count
     */
    public int usedUnits() {
        return usedUnits;
    }

    /**
     * Slabs that nobody has and nobody can get (I5).
     *
     * @return count; runs of bits without a slab count once each
     */
    public long leakedSlabs() {
        return leakedSlabs;
    }

    /**
     * Blocks that are allocated in a sealed slab and not reachable (I11).
     *
     * @return count
     */
    public long leakedBlocks() {
        return leakedBlocks;
    }

    /**
     * Blocks that are reachable and could be allocated again (I11).
     *
     * @return count
     */
    public long doubleAllocations() {
        return doubleAllocations;
    }

    /**
     * Unreachable blocks that recovery decides about: in open slabs, or named by the intent of a session that is not
     * recovered.
     *
     * @return count
     */
    public long unsettledBlocks() {
        return unsettledBlocks;
    }

    /**
     * Unreached blocks of structures that could not be followed to their end: damaged, or of an unknown type.
     *
     * @return count
     */
    public long unknownBlocks() {
        return unknownBlocks;
    }

    /**
     * Reachable blocks.
     *
     * @return count
     */
    public long liveBlocks() {
        return liveBlocks;
    }

    /**
     * Bytes of the reachable blocks, by their size classes.
     *
     * @return bytes
     */
    public long liveBytes() {
        return liveBytes;
    }

    /**
     * Bytes of the slabs that hold blocks.
     *
     * @return bytes
     */
    public long heldBytes() {
        return heldBytes;
    }

    /**
     * How full the pool is.
     *
     * @return used units ÷ units, 0 … 1
     */
    public double utilization() {
        return units() == 0 ? 0 : (double) usedUnits / units();
    }

    /**
     * How full the slabs are.
     *
     * @return live bytes ÷ held bytes, 0 … 1
     */
    public double occupancy() {
        return heldBytes == 0 ? 0 : (double) liveBytes / heldBytes;
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder(256)
                .append(clean() ? "clean" : "not clean")
                .append(": live blocks ")
                .append(liveBlocks)
                .append(", live bytes ")
                .append(liveBytes)
                .append(", leaked slabs ")
                .append(leakedSlabs)
                .append(", leaked blocks ")
                .append(leakedBlocks)
                .append(", double allocations ")
                .append(doubleAllocations)
                .append(", unsettled blocks ")
                .append(unsettledBlocks)
                .append(", unknown blocks ")
                .append(unknownBlocks)
                .append(", used units ")
                .append(usedUnits)
                .append(" of ")
                .append(units());
        findings.forEach(
                finding -> text.append(System.lineSeparator()).append("  ").append(finding));
        if (suppressed > 0) {
            text.append(System.lineSeparator())
                    .append("  … and ")
                    .append(suppressed)
                    .append(" more");
        }
        return text.toString();
    }
}
