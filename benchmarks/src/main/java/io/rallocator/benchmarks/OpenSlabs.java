package io.rallocator.benchmarks;

import io.rallocator.persistence.FileNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.SlabHeader;
import io.rallocator.persistence.SlabLayout;
import io.rallocator.persistence.SlabTableDescriptor;
import io.rallocator.persistence.Superblock;
import java.nio.file.Path;

/** What a dead worker left in a pool: the slabs it owned, and those of them that recovery has to scan. */
record OpenSlabs(int owned, int open, long openBytes) {
    /** Reads a pool that nobody changes. */
    static OpenSlabs read(final Path pool, final long pid) {
        final Superblock superblock = PoolFile.readSuperblock(pool);
        final PoolGeometry geometry = superblock.geometry();
        try (FileNvmRegion region = FileNvmRegion.open(pool, geometry.capacity(), false)) {
            return of(region, geometry, session(region, geometry, pid));
        }
    }

    /** The session of a process; it must have one. */
    static int session(final NvmRegion region, final PoolGeometry geometry, final long pid) {
        for (int session = 0; session < geometry.sessions(); session++) {
            final long offset = geometry.sessionOffset(session);
            if (isBusy(region, geometry, session) && region.readLong(offset + SessionDescriptor.PID_OFFSET) == pid) {
                return session;
            }
        }
        throw new IllegalStateException("process " + pid + " has no session in the pool");
    }

    /** True until the session's recovery is complete. */
    static boolean isBusy(final NvmRegion region, final PoolGeometry geometry, final int session) {
        final long offset = geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET;
        return SessionDescriptor.state(region.readLong(offset), offset) != SessionDescriptor.FREE;
    }

    static OpenSlabs of(final NvmRegion region, final PoolGeometry geometry, final int session) {
        int owned = 0;
        int open = 0;
        long openBytes = 0;
        for (int unit = 0; unit < geometry.units(); unit++) {
            final long owner = region.readLong(geometry.slabEntryOffset(unit) + SlabTableDescriptor.OWNER_OFFSET);
            if (SlabTableDescriptor.state(owner) != SlabTableDescriptor.OWNED
                    || SlabTableDescriptor.session(owner) != session) {
                continue;
            }
            owned++;
            if (region.readLong(geometry.unitOffset(unit) + SlabLayout.STATE_OFFSET)
                    == SlabHeader.stateWord(SlabLayout.OPEN)) {
                final long info = region.readLong(geometry.slabEntryOffset(unit) + SlabTableDescriptor.INFO_OFFSET);
                open++;
                openBytes += geometry.slabBytes(SlabTableDescriptor.slabClass(info));
            }
        }
        return new OpenSlabs(owned, open, openBytes);
    }
}
