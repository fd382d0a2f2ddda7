package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.NamePage;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RootDescriptor;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes a structure stand still, and lets it go on. Sealing is what dropping is, but that the blade does not take the structure apart: its name changes to one that
 * nobody opens, its root word is pending, and the count of drops goes up. When the epoch is {@link RootDescriptor#EPOCHS_UNTIL_KNOWN} further,
 * every session refuses operations on it, and none is under way (see docs/ARCHITECTURE.md, "Moving a part").
 *
 * <p>Whoever had found the name just before it changed may take the pending root word for that of a new structure, and take the mark off; it is under way
 * in an older epoch then. So the root word is looked at again behind the wait: if it is not pending, all is done once more.
 */
final class StructureSealer {
    private static final Operation SEAL = Operation.named("heap.seal");
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);

    private final StructureCatalog catalog;
    private final PoolGeometry geometry;
    private final String pool;

    StructureSealer(final StructureCatalog catalog, final PoolGeometry geometry, final String pool) {
        this.catalog = catalog;
        this.geometry = geometry;
        this.pool = pool;
    }

    /**
     * Makes a structure stand still, or finds it so. Idempotent.
     *
     * @param name of the structure
     * @param sealedName its name from here on, which begins with {@link RootDescriptor#SEALED_MARK}
     * @return the structure, which this heap does not know as opened, so that it can still be read; null if neither name is there
     * @throws PoolUnavailableException if a session does not go on for 20 s
     */
    StructureRoot seal(final String name, final String sealedName) {
        for (; ; ) {
            final NamePage.Entry entry = catalog.onLane(lane -> mark(lane, name, sealedName));
            if (entry == null) {
                return null;
            }
            awaitKnown(catalog.onLane(this::tellSessions));
            if (catalog.onLane(lane -> RootDescriptor.isPending(rootWord(lane, entry)))) {
                return catalog.onLane(
                        lane -> new NameView(lane, SEAL).roots(List.of(entry)).get(0));
            }
        }
    }

    private long rootWord(final Lane lane, final NamePage.Entry entry) {
        return lane.readLink(SEAL, geometry.rootOffset(entry.root()));
    }

    /** Changes name and root word. What has a name is there until the lane lets the epoch go. */
    private NamePage.Entry mark(final Lane lane, final String name, final String sealedName) {
        final NamePage.Entry entry = rename(lane, name, sealedName);
        if (entry != null) {
            final long word = rootWord(lane, entry);
            if (RootDescriptor.isLive(word)) {
                lane.chain().swapLink(geometry.rootOffset(entry.root()), word, word | LinkWord.FROZEN);
                lane.chain().persist().post(SEAL);
            }
        }
        return entry;
    }

    /** Returns what has the new name afterwards, or null. */
    private static NamePage.Entry rename(final Lane lane, final String from, final String to) {
        final NameView names = new NameView(lane, SEAL);
        for (; ; ) {
            names.look();
            final NamePage.Entry done = names.find(to);
            final NamePage.Entry entry = done == null ? names.find(from) : done;
            if (done != null || entry == null) {
                return done;
            }
            names.remove(from);
            final NamePage.Entry renamed = new NamePage.Entry(to, entry.root(), entry.ref());
            names.add(renamed);
            if (names.commit(OperationCode.STRUCTURE_RENAME)) {
                return renamed;
            }
        }
    }

    /** Returns the epoch, read behind the count of drops. */
    private long tellSessions(final Lane lane) {
        lane.chain().fetchAndAdd(PoolGeometry.dropsOffset(), 1);
        return readEpoch(lane);
    }

    private static long readEpoch(final Lane lane) {
        final int verb = lane.chain().readWord(PoolGeometry.epochOffset());
        lane.chain().post(SEAL);
        return CheckedWord.payload(lane.chain().result(verb), "global epoch", PoolGeometry.epochOffset());
    }

    /** Holds no lane in between: that would hold back the epoch. */
    private void awaitKnown(final long told) {
        final long from = System.nanoTime();
        while (catalog.onLane(StructureSealer::readEpoch) < told + RootDescriptor.EPOCHS_UNTIL_KNOWN) {
            if (System.nanoTime() - from > PATIENCE_NS) {
                throw new PoolUnavailableException(
                        "the epoch of " + pool + " stands still for "
                                + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NS)
                                + " s, so no part can be moved from there: a worker is stopped within an operation, or the blade is");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    /**
     * Lets a structure go on that stands still. Idempotent; whoever finds the name finishes it.
     *
     * @param sealedName its name, if it stands still
     * @param oldName its name, if it was not sealed yet
     * @param name its name from here on
     */
    void unseal(final String sealedName, final String oldName, final String name) {
        catalog.onLane(lane -> {
            final NamePage.Entry sealed = rename(lane, sealedName, name);
            final NamePage.Entry entry = sealed == null ? rename(lane, oldName, name) : sealed;
            final long word = entry == null ? 0 : rootWord(lane, entry);
            if (RootDescriptor.isPending(word)) {
                StructureCreator.unfreeze(lane, SEAL, geometry.rootOffset(entry.root()), word);
            }
            return entry;
        });
    }
}
