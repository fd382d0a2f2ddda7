package io.rallocator.collections;

import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** Copies a structure that stands still to another blade, through the operations that everybody uses: bytes as they are, by no codec. */
final class PartCopier {
    private static final Operation MOVE = Operation.named("heap.move");
    private static final int ELEMENTS = 1024;
    private static final int BYTES = 1 << 16;

    private final WorkerSession session;
    private final StructureRoot source;
    private final PoolHeap heap;
    private final String name;
    private final Bytestrings codec;

    private PartCopier(
            final WorkerSession session, final StructureRoot source, final PoolHeap heap, final String name) {
        this.session = session;
        this.source = source;
        this.heap = heap;
        this.name = name;
        this.codec = new Bytestrings(source.firstCodec());
    }

    /** What the bytes mean is nobody's business here; the id must be that of the codec that wrote them. */
    private record Bytestrings(String id) implements Codec<byte[]> {
        @Override
        public int encode(final byte[] value, final MutableDirectBuffer target, final int index) {
            target.putBytes(index, value);
            return value.length;
        }

        @Override
        public byte[] decode(final DirectBuffer source, final int index, final int length) {
            final byte[] bytes = new byte[length];
            source.getBytes(index, bytes);
            return bytes;
        }
    }

    /**
     * Copies a structure.
     *
     * @param session with the pool that it is in
     * @param source sealed
     * @param heap of the pool that the copy will be in
     * @param name of the copy, which nobody uses
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room; a part of the copy stays
     * @throws IllegalStateException if it is a queue with elements on lease
     */
    static void copy(final WorkerSession session, final StructureRoot source, final PoolHeap heap, final String name) {
        final PartCopier copier = new PartCopier(session, source, heap, name);
        if (source.type() == MapLayout.TYPE) {
            copier.copyMap();
        } else if (source.type() == QueueLayout.TYPE) {
            copier.copyQueue();
        } else if (source.type() == ArrayKind.LONGS.type()) {
            copier.copyLongs();
        } else if (source.type() == ArrayKind.BYTES.type()) {
            copier.copyBytes();
        } else if (source.type() == ArrayKind.ELEMENTS.type()) {
            copier.copyElements();
        } else {
            throw new IllegalStateException("a part has type " + source.type() + ", which nothing here can copy");
        }
    }

    // ---- maps

    private void copyMap() {
        final MapTable from = new MapTable(session, source, null);
        final MapTable to = heap.mapTable(name, source.firstCodec(), source.secondCodec());
        final ScanBatch batch = new ScanBatch();
        final ScanBatch lasting = new ScanBatch();
        final Scratch scratch = Scratch.enter();
        try {
            long cursor = 0;
            do {
                batch.clear();
                cursor = from.scan(cursor, batch, ELEMENTS);
                for (int entry = 0; entry < batch.count(); entry++) {
                    if (batch.isExpiring(entry)) {
                        copyExpiring(scratch, from, to, batch, entry);
                    } else {
                        lasting.addToPut(batch, entry);
                    }
                }
                lasting.sortByBucket();
                to.updateAll(MOVE, scratch, BulkChange.put(lasting));
                lasting.clear();
            } while (cursor != 0);
        } finally {
            scratch.exit();
        }
    }

    private static void copyExpiring(
            final Scratch scratch, final MapTable from, final MapTable to, final ScanBatch batch, final int entry) {
        scratch.copyKey(batch.buffer(), batch.keyIndex(entry), batch.keyLength(entry));
        if (from.get(MOVE, scratch, true)) { // else it has expired just now
            scratch.copyValue(scratch.result.buffer(), scratch.resultIndex, scratch.resultLength);
            final long expiry = scratch.expiry;
            scratch.change.set(Change.ALWAYS, false, Change.NOTHING);
            scratch.change.expiry = expiry;
            to.update(MOVE, scratch);
        }
    }

    // ---- queues

    private void copyQueue() {
        final QueueTable table = new QueueTable(session, source);
        final int leases = table.countLeases();
        if (leases > 0) {
            throw new IllegalStateException(
                    leases + " elements are on lease, or were released; acknowledge or receive them, then move it");
        }
        final RemoteQueue<byte[]> to =
                heap.openQueue(name, codec, table.layout().capacity());
        final List<byte[]> some = new ArrayList<>(ELEMENTS);
        for (final byte[] element : new PersistentQueue<>(table, codec)) {
            some.add(element);
            if (some.size() == ELEMENTS) {
                to.addAll(some);
                some.clear();
            }
        }
        to.addAll(some);
    }

    // ---- arrays: what is 0 or null takes no memory, nor shall it in the copy

    private void copyLongs() {
        final RemoteLongArray from = new PersistentLongArray(new ArrayTable(session, source, ArrayKind.LONGS));
        final RemoteLongArray to = heap.longs(name, from.longLength());
        final long[] some = new long[ELEMENTS];
        for (long index = 0; index < from.longLength(); index += ELEMENTS) {
            final int count = (int) Math.min(ELEMENTS, from.longLength() - index);
            from.getAll(index, some, 0, count);
            if (Arrays.stream(some, 0, count).anyMatch(each -> each != 0)) {
                to.setAll(index, some, 0, count);
            }
        }
    }

    private void copyBytes() {
        final RemoteByteArray from = new PersistentByteArray(new ArrayTable(session, source, ArrayKind.BYTES));
        final RemoteByteArray to = heap.bytes(name, from.longLength());
        final byte[] some = new byte[BYTES];
        for (long index = 0; index < from.longLength(); index += BYTES) {
            final int count = (int) Math.min(BYTES, from.longLength() - index);
            from.read(index, some, 0, count);
            if (!Arrays.equals(some, 0, count, new byte[count], 0, count)) {
                to.write(index, some, 0, count);
            }
        }
    }

    private void copyElements() {
        final RemoteArray<byte[]> from =
                new PersistentArray<>(new ArrayTable(session, source, ArrayKind.ELEMENTS), codec);
        final RemoteArray<byte[]> to = heap.elements(name, codec, from.longLength());
        for (long index = 0; index < from.longLength(); index += ELEMENTS) {
            final List<byte[]> some = from.getAll(index, (int) Math.min(ELEMENTS, from.longLength() - index));
            for (int i = 0; i < some.size(); i++) {
                if (some.get(i) != null) {
                    to.set(index + i, some.get(i));
                }
            }
        }
    }
}
