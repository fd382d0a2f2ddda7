package io.rallocator.collections;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a worker remembers of values that have a block of their own, and of large buckets: bytes, by what led to them and
 * the epoch in which it did. While the session stays in that epoch the block cannot have been reused, so whoever meets the
 * same reference again may take the bytes from here; in another epoch they prove nothing (DESIGN trap 10).
 *
 * <p>Bounded in bytes: slots of 1 KiB, 4 KiB, 16 KiB and so on, direct-mapped, an equal share of the bytes for each size.
 * What is larger than the largest slot is not kept.
 *
 * <p>Threads: any, without waiting. Each slot has a sequence that is odd while somebody writes; who finds it odd, or
 * changed, goes without.
 */
final class LargeImages {
    private static final int SMALLEST_SLOT_BYTES = 1 << 10;
    private static final int GROWTH = 4;
    private static final int MIN_SLOTS = 4;

    private final Slots[] sizes;

    /**
     * Makes an empty cache.
     *
     * @param bytes to use
     */
    LargeImages(final int bytes) {
        int count = 1;
        for (long slot = SMALLEST_SLOT_BYTES * GROWTH; slot * MIN_SLOTS * (count + 1) <= bytes; slot *= GROWTH) {
            count++;
        }
        final List<Slots> made = new ArrayList<>();
        for (int i = 0, slot = SMALLEST_SLOT_BYTES; i < count; i++, slot *= GROWTH) {
            made.add(new Slots(slot, Math.max(1, BitUtil.findNextPositivePowerOfTwo(bytes / count / slot + 1) / 2)));
        }
        sizes = made.toArray(new Slots[0]);
    }

    /** The slots that are large enough, or null. */
    private Slots slotsFor(final int length) {
        for (final Slots size : sizes) {
            if (length <= size.slotBytes) {
                return size;
            }
        }
        return null;
    }

    /**
     * Copies what is remembered.
     *
     * @param key what led to it: a reference, or the complement of a link word
     * @param epoch of the lane
     * @param length that it must have
     * @param target where to; may be overwritten in any case
     * @param index in the target
     * @return false if nothing is known
     */
    boolean find(
            final long key, final long epoch, final int length, final MutableDirectBuffer target, final int index) {
        final Slots slots = slotsFor(length);
        return slots != null && slots.find(key, epoch, length, target, index);
    }

    /** Tells whether something of a length can be kept. */
    boolean canKeep(final long length) {
        return length <= sizes[sizes.length - 1].slotBytes;
    }

    /**
     * Remembers what was read, or written, in an epoch.
     *
     * @param key what leads to it
     * @param epoch of the lane
     * @param source holds it
     * @param index in the source
     * @param length bytes
     */
    void put(final long key, final long epoch, final DirectBuffer source, final int index, final int length) {
        final Slots slots = slotsFor(length);
        if (slots != null) {
            slots.put(key, epoch, source, index, length);
        }
    }

    /** Slots of one size. */
    private static final class Slots {
        private static final int META_WORDS = 4;
        private static final int SEQUENCE = 0;
        private static final int KEY = 1;
        private static final int EPOCH = 2;
        private static final int LENGTH = 3;

        private final int slotBytes;
        private final int mask;
        private final AtomicLongArray meta;
        private final UnsafeBuffer images;

        Slots(final int slotBytes, final int count) {
            this.slotBytes = slotBytes;
            mask = count - 1;
            meta = new AtomicLongArray(count * META_WORDS);
            images = new UnsafeBuffer(ByteBuffer.allocateDirect(count * slotBytes));
        }

        private int slotOf(final long key) {
            return (int) (key * 0x9E37_79B9_7F4A_7C15L >>> 33) & mask;
        }

        boolean find(
                final long key, final long epoch, final int length, final MutableDirectBuffer target, final int index) {
            final int slot = slotOf(key);
            final int at = slot * META_WORDS;
            final long sequence = meta.getAcquire(at + SEQUENCE);
            if ((sequence & 1) != 0
                    || meta.getPlain(at + KEY) != key
                    || meta.getPlain(at + EPOCH) != epoch
                    || meta.getPlain(at + LENGTH) != length) {
                return false;
            }
            target.putBytes(index, images, slot * slotBytes, length);
            VarHandle.loadLoadFence();
            return meta.getOpaque(at + SEQUENCE) == sequence;
        }

        void put(final long key, final long epoch, final DirectBuffer source, final int index, final int length) {
            final int slot = slotOf(key);
            final int at = slot * META_WORDS;
            final long sequence = meta.getAcquire(at + SEQUENCE);
            if ((sequence & 1) != 0 || !meta.compareAndSet(at + SEQUENCE, sequence, sequence + 1)) {
                return;
            }
            VarHandle.storeStoreFence();
            meta.setPlain(at + KEY, key);
            meta.setPlain(at + EPOCH, epoch);
            meta.setPlain(at + LENGTH, length);
            images.putBytes(slot * slotBytes, source, index, length);
            meta.setRelease(at + SEQUENCE, sequence + 2);
        }
    }
}
