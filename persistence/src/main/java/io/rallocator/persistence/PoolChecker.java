package io.rallocator.persistence;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;

/**
 * Verifies a pool that nobody changes meanwhile: every word that checks itself, that every slab is somebody's and every
 * block bitmap is exactly what links reach (I5, I11), that nothing is damaged (I13). Changes nothing.
 *
 * <p>Every byte is taken for hostile: whatever a pool holds, the outcome is a report. A file that cannot be read gives a
 * {@link PoolUnavailableException}.
 *
 * <p>What it does not check is listed at {@link CheckReport}.
 */
public final class PoolChecker {
    private PoolChecker() {}

    /**
     * Checks the pool in a file, without mapping it.
     *
     * @param file of a pool that nobody serves
     * @return what was found; a pool with two damaged superblock copies gives one finding
     * @throws PoolUnavailableException if the file is missing, truncated, no pool, or cannot be read
     * @throws PoolVersionException if the layout is older or newer
     */
    public static CheckReport check(final Path file) {
        final Superblock superblock;
        try {
            superblock = PoolFile.readSuperblock(file);
        } catch (final CorruptedPoolException e) {
            return new CheckReport(new Finding(Finding.Severity.DAMAGE, 0, e.getMessage(), false, false));
        }
        try (NvmRegion region = FileNvmRegion.open(file, superblock.geometry().capacity(), false)) {
            return check(region, superblock, true);
        }
    }

    /**
     * Checks a pool.
     *
     * @param region of the pool; nobody changes it meanwhile
     * @param superblock of the pool
     * @param deep true to follow the structures and check every block; false for the metadata alone
     * @return what was found
     * @throws PoolUnavailableException if the region cannot be read
     */
    public static CheckReport check(final NvmRegion region, final Superblock superblock, final boolean deep) {
        final CheckRun run = new CheckRun(region, superblock, installedTypes(), false);
        run(run, deep);
        return new CheckReport(run, List.of(), 0);
    }

    /** What is on the class path; a broken provider leaves its structures unknown, which is a finding of its own. */
    static Map<Integer, StructureType> installedTypes() {
        try {
            return StructureType.installed();
        } catch (final ServiceConfigurationError | LinkageError e) {
            return Map.of();
        }
    }

    /** One pass over everything. */
    static void run(final CheckRun run, final boolean deep) {
        new SuperblockCheck(run).check();
        final SessionCheck sessions = new SessionCheck(run);
        sessions.readWords();
        final RingCheck rings = new RingCheck(run);
        rings.read();
        final SlabMap slabs = new SlabMap(run.geometry);
        final SlabCheck slabCheck = new SlabCheck(run, slabs);
        slabCheck.load(rings);
        rings.check(slabs);
        final IntentCheck intents = new IntentCheck(run);
        sessions.resolve(slabs, rings, intents);
        sessions.checkIdentities();
        slabCheck.checkBitmap();
        intents.read(sessions);
        final StructureCheck structures = new StructureCheck(run, slabs, slabCheck);
        final BlockCheck blocks = new BlockCheck(run, slabs, structures, intents);
        if (deep) {
            slabCheck.openViews();
            final NameCheck names = new NameCheck(run, structures);
            names.read();
            structures.trace();
            new RootCheck(run, slabs, structures, intents, blocks, names).check();
            names.check();
        }
        new OwnerCheck(run, slabs, slabCheck, sessions, rings, blocks).check(deep);
        if (deep) {
            blocks.check();
            structures.report(sessions.anyLive());
        }
        slabCheck.count();
    }
}
