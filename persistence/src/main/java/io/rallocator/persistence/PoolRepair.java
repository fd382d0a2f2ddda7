package io.rallocator.persistence;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Repairs what has redundancy in a pool that nobody serves, and names what has not (I13). Idempotent; every repair is
 * persisted before the next, and may be interrupted.
 *
 * <ul>
 *   <li>A superblock copy is written from the other; two damaged ones cannot be repaired.
 *   <li>The epoch goes three beyond every announced one; announcements and heartbeats begin anew.
 *   <li>A session's state word: ACTIVE with the incarnation that its slabs or claims name, for recovery to take apart;
 *       FREE with a fresh incarnation if it owns nothing.
 *   <li>A damaged free request or head of a free ring is dropped: the slab stays with its session until recovery.
 *   <li>A ring slot becomes WITHDRAWN; its reserved slab is given back.
 *   <li>Bitmap words come from the slab table; entries of the table from slab headers and ring slots.
 *   <li>A slab that nobody has is given back, or made an orphan if links reach blocks in it.
 *   <li>A slab header comes from the slab table and the links into it; a freed byte from its block; a lost root word from
 *       the root block, if exactly one claims to be it.
 *   <li>Leaked blocks are freed; reachable ones that could be allocated again are marked as allocated.
 * </ul>
 *
 * <p>Damaged blocks and links have no redundancy: they are named and left, and nothing that they may have led to is
 * freed. Sizes that disagree with what is there are named and left.
 */
public final class PoolRepair {
    /** Mending one thing brings others to light: entries, then slabs, then the blocks in them. */
    private static final int MOST_PASSES = 5;

    private PoolRepair() {}

    /**
     * Repairs the pool in a file, without mapping it.
     *
     * @param file of a pool that nobody serves
     * @return what was repaired, then what a check finds afterwards
     * @throws PoolInUseException if a blade serves the pool or a worker has it open
     * @throws PoolUnavailableException if the file is missing, truncated, no pool, or cannot be read and written
     * @throws PoolVersionException if the layout is older or newer
     * @throws CorruptedPoolException if both superblock copies are damaged
     */
    public static CheckReport repair(final Path file) {
        final Superblock superblock = PoolFile.readSuperblock(file);
        final List<PoolLock> locks = new ArrayList<>();
        try {
            locks.add(lock(PoolLock.bladeLock(file), "a blade serves " + file));
            try (NvmRegion region =
                    FileNvmRegion.open(file, superblock.geometry().capacity(), true)) {
                lockSessions(file, region, superblock.geometry(), locks);
                return repair(region, superblock);
            }
        } finally {
            locks.forEach(PoolLock::close);
        }
    }

    /** No worker can open a free session while we hold the blade's lock. */
    private static void lockSessions(
            final Path file, final NvmRegion region, final PoolGeometry geometry, final List<PoolLock> locks) {
        for (int session = 0; session < geometry.sessions(); session++) {
            final long word = region.readLong(geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET);
            if (!CheckedWord.isValid(word) || (word & 7) != SessionDescriptor.FREE) {
                locks.add(lock(PoolLock.sessionLock(file, session), "session " + session + " of " + file + " is open"));
            }
        }
    }

    private static PoolLock lock(final Path path, final String problem) {
        final PoolLock lock = PoolLock.tryAcquire(path);
        if (lock == null) {
            throw new PoolInUseException(problem + " (" + path + " is held); stop it, then repair");
        }
        return lock;
    }

    /**
     * Repairs a pool.
     *
     * @param region of the pool, writable; nobody else uses it
     * @param superblock of the pool
     * @return what was repaired, then what a check finds afterwards
     * @throws PoolUnavailableException if the region cannot be read or written
     */
    public static CheckReport repair(final NvmRegion region, final Superblock superblock) {
        final List<Finding> repaired = new ArrayList<>();
        long suppressed = 0;
        boolean more = true;
        for (int pass = 0; pass < MOST_PASSES && more; pass++) {
            final CheckRun run = new CheckRun(region, superblock, PoolChecker.installedTypes(), true);
            PoolChecker.run(run, true);
            long listed = 0;
            for (final Finding finding : run.findings) {
                if (finding.repaired()) {
                    listed++;
                    if (repaired.size() < CheckRun.MOST_FINDINGS) {
                        repaired.add(finding);
                    } else {
                        suppressed++;
                    }
                }
            }
            suppressed += run.repaired - listed;
            more = run.repaired > 0;
        }
        final CheckRun last = new CheckRun(region, superblock, PoolChecker.installedTypes(), false);
        PoolChecker.run(last, true);
        return new CheckReport(last, repaired, suppressed);
    }
}
