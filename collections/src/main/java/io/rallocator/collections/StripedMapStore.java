package io.rallocator.collections;

import io.rallocator.allocator.Operation;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.StructureDroppedException;
import org.agrona.collections.IntArrayList;
import org.agrona.collections.MutableLong;

/**
 * A map whose parts are on several blades: the upper bits of a key's hash say which, and the tables use the lower ones. What goes over
 * all keys goes part by part.
 */
final class StripedMapStore implements MapStore {
    private static final int PART_SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(Placement.PARTS);
    private static final long CURSOR_MASK = (1L << PART_SHIFT) - 1;

    private final Parts<MapTable> parts;

    StripedMapStore(final Parts<MapTable> parts) {
        this.parts = parts;
    }

    @Override
    public String name() {
        return parts.name();
    }

    @Override
    public String typeName() {
        return MapLayout.TYPE_NAME;
    }

    @Override
    public UnreadableElementException.Place place() {
        return UnreadableElementException.Place.KEY_HASH;
    }

    @Override
    public long wordOffset(final long hash) {
        return part(hash).wordOffset(hash);
    }

    private static int partOf(final long hash) {
        return (int) (hash >>> PART_SHIFT);
    }

    @Override
    public MapTable part(final long hash) {
        return parts.get(partOf(hash));
    }

    @Override
    public boolean get(final Operation operation, final Scratch scratch, final boolean wantsValue) {
        for (; ; ) {
            final MapTable table = part(scratch.hash);
            try {
                return table.get(operation, scratch, wantsValue);
            } catch (final StructureDroppedException e) {
                parts.refused(partOf(scratch.hash), e);
            }
        }
    }

    @Override
    public boolean getToChange(final Operation operation, final Scratch scratch, final boolean changesPresent) {
        for (; ; ) {
            final MapTable table = part(scratch.hash);
            try {
                return table.getToChange(operation, scratch, changesPresent);
            } catch (final StructureDroppedException e) {
                parts.refused(partOf(scratch.hash), e);
            }
        }
    }

    @Override
    public boolean update(final Operation operation, final Scratch scratch) {
        for (; ; ) {
            final MapTable table = part(scratch.hash);
            try {
                return table.update(operation, scratch);
            } catch (final StructureDroppedException e) {
                parts.refused(partOf(scratch.hash), e);
            }
        }
    }

    @Override
    public long now() {
        return System.currentTimeMillis();
    }

    /** Those that were done stay, whichever part fails. */
    @Override
    public void updateAll(final Operation operation, final Scratch scratch, final BulkChange bulk) {
        final ScanBatch entries = bulk.entries;
        final IntArrayList[] byPart = byPart(entries, 0, entries.count());
        final ScanBatch some = new ScanBatch();
        for (int part = 0; part < byPart.length; part++) {
            if (byPart[part] != null) {
                some.clear();
                byPart[part].forEachInt(entry -> copy(bulk, entry, some));
                final BulkChange change = bulk.of(some);
                try {
                    parts.accept(
                            part, table -> table.updateAll(operation, scratch, change)); // goes on behind what is done
                } finally {
                    bulk.removed += change.removed;
                }
            }
        }
    }

    private static void copy(final BulkChange bulk, final int entry, final ScanBatch target) {
        if (bulk.removes) {
            target.add(bulk.entries, entry, bulk.compares);
        } else {
            target.addToPut(bulk.entries, entry);
        }
    }

    /** The entries of each part, in their order; null for a part without one. */
    private static IntArrayList[] byPart(final ScanBatch entries, final int from, final int to) {
        final IntArrayList[] byPart = new IntArrayList[Placement.PARTS];
        for (int entry = from; entry < to; entry++) {
            final int part = partOf(entries.hash(entry));
            if (byPart[part] == null) {
                byPart[part] = new IntArrayList();
            }
            byPart[part].addInt(entry);
        }
        return byPart;
    }

    @Override
    public void sweep(final long now, final Scratch scratch, final MutableLong removed) {
        for (int part = 0; part < Placement.PARTS; part++) {
            parts.accept(part, table -> table.sweep(now, scratch, removed));
        }
    }

    /** A cursor is {@code part 6 | cursor in the part 58}. */
    @Override
    public long scan(final long cursor, final ScanBatch batch, final int atLeast) {
        int part = partOf(cursor);
        long inPart = cursor & CURSOR_MASK;
        do {
            final long from = inPart;
            inPart = parts.applyAsLong(part, table -> table.scan(from, batch, atLeast - batch.count()));
            if (inPart != 0) {
                return requireCursor(inPart) | (long) part << PART_SHIFT;
            }
            part++;
        } while (part < Placement.PARTS && batch.count() < atLeast && !batch.isFull());
        return part == Placement.PARTS ? 0 : (long) part << PART_SHIFT;
    }

    private static long requireCursor(final long inPart) {
        if ((inPart & ~CURSOR_MASK) != 0) {
            throw new CorruptedPoolException("a bucket of a map has an impossible level: its cursor is " + inPart);
        }
        return inPart;
    }

    @Override
    public int getAll(final Operation operation, final ScanBatch keys, final int from) {
        final int to = Math.min(keys.count(), from + BucketBatch.MAX_HASHES);
        final IntArrayList[] byPart = byPart(keys, from, to);
        final ScanBatch some = new ScanBatch();
        for (int part = 0; part < byPart.length; part++) {
            if (byPart[part] != null) {
                final IntArrayList entries = byPart[part];
                parts.accept(part, table -> getAll(operation, table, keys, entries, some));
            }
        }
        return to;
    }

    private static void getAll(
            final Operation operation,
            final MapTable table,
            final ScanBatch keys,
            final IntArrayList entries,
            final ScanBatch some) {
        some.clear();
        entries.forEachInt(entry -> some.add(keys, entry, false));
        for (int done = 0; done < some.count(); ) {
            final int before = done;
            done = table.getAll(operation, some, before);
            for (int i = before; i < done; i++) {
                if (some.hasValue(i)) {
                    final int length = some.valueLength(i);
                    keys.setValue(entries.getInt(i), keys.copy(some.buffer(), some.valueIndex(i), length), length);
                }
            }
        }
    }

    @Override
    public long size() {
        long size = 0;
        for (int part = 0; part < Placement.PARTS; part++) {
            size += parts.applyAsLong(part, MapTable::size);
        }
        return size;
    }
}
