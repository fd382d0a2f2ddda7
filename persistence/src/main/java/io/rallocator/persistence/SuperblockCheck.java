package io.rallocator.persistence;

import org.agrona.concurrent.UnsafeBuffer;

/** Compares both copies of the superblock with the one that counts. A damaged or older copy is written anew. */
final class SuperblockCheck {
    private final CheckRun run;

    SuperblockCheck(final CheckRun run) {
        this.run = run;
    }

    void check() {
        for (int copy = 0; copy < 2; copy++) {
            final long offset = PoolGeometry.superblockOffset(copy);
            final UnsafeBuffer bytes = new UnsafeBuffer(new byte[PoolGeometry.superblockBytes()]);
            run.region.read(offset, bytes, 0, bytes.capacity());
            if (!Superblock.isValid(bytes)) {
                run.found(
                        Finding.Severity.DAMAGE,
                        offset,
                        "superblock copy " + name(copy) + " is damaged: its magic or CRC32C is wrong",
                        () -> rewrite(offset));
            } else if (Superblock.layoutVersion(bytes) != Superblock.LAYOUT_VERSION) {
                run.found(
                        Finding.Severity.DAMAGE,
                        offset,
                        "superblock copy " + name(copy) + " has layout version " + Superblock.layoutVersion(bytes)
                                + ", the other " + Superblock.LAYOUT_VERSION);
            } else {
                compare(copy, bytes);
            }
        }
    }

    private void compare(final int copy, final UnsafeBuffer bytes) {
        final long offset = PoolGeometry.superblockOffset(copy);
        final Superblock found = decode(bytes);
        if (found == null
                || !found.poolId().equals(run.superblock.poolId())
                || !found.geometry().equals(run.geometry)) {
            run.found(
                    Finding.Severity.DAMAGE,
                    offset,
                    "superblock copy " + name(copy) + " is another pool's or impossible: "
                            + (found == null ? "its geometry breaks its limits" : found.geometry()),
                    () -> rewrite(offset));
        } else if (found.generation() < run.superblock.generation()) {
            run.found(
                    Finding.Severity.NOTE,
                    offset,
                    "superblock copy " + name(copy) + " is older: generation " + found.generation() + ", the other "
                            + run.superblock.generation() + " (its update was interrupted)",
                    () -> rewrite(offset));
        }
    }

    private static Superblock decode(final UnsafeBuffer bytes) {
        try {
            return Superblock.decode(bytes);
        } catch (final IllegalArgumentException e) {
            return null;
        }
    }

    private void rewrite(final long offset) {
        final UnsafeBuffer bytes = run.superblock.encode();
        run.region.write(offset, bytes, 0, bytes.capacity());
        run.region.persist(offset, bytes.capacity());
    }

    private static String name(final int copy) {
        return copy == 0 ? "A" : "B";
    }
}
