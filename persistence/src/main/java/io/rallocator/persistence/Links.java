package io.rallocator.persistence;

import io.rallocator.persistence.NvmRegion.Durability;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads and swaps link words such that nobody acts on one that power loss may take back (I8). Between a swap and its persist
 * the word is there for all to see. So at {@link Durability#POWER} a swap leaves it tagged {@link LinkWord#DIRTY}, and the
 * tag goes once the word is durable; who meets a tagged word persists it first, and waits for nobody (I9).
 *
 * <p>A tag that is durable itself, because power was lost before it went, costs the first reader one persist, no more. At
 * {@link Durability#PROCESS} no swap leaves a tag, and one that is there, be it by damage or since the checker reads what others
 * left, is passed over.
 */
public final class Links {
    private Links() {}

    /**
     * Reads a link word.
     *
     * @param region the pool
     * @param offset aligned to 8
     * @return the word, durable and without the tag
     */
    public static long read(final NvmRegion region, final long offset) {
        final long word = region.readLong(offset);
        if ((word & LinkWord.DIRTY) == 0) {
            return word;
        }
        if (region.durability() == Durability.PROCESS) {
            return LinkWord.clean(word); // nobody serves the pool: whatever is there is what there is
        }
        region.persist(offset, Long.BYTES);
        return settle(region, offset, word);
    }

    /**
     * Reads link words that follow one another.
     *
     * @param region the pool
     * @param offset of the first, aligned to 8
     * @param target gets them, durable and without tags
     * @param index of the first
     * @param length bytes, a multiple of 8
     */
    public static void read(
            final NvmRegion region, final long offset, final UnsafeBuffer target, final int index, final int length) {
        region.read(offset, target, index, length);
        if (region.durability() == Durability.PROCESS) {
            clean(target, index, length);
            return;
        }
        int dirty = 0;
        for (int at = 0; at < length; at += Long.BYTES) {
            if ((target.getLong(index + at) & LinkWord.DIRTY) != 0) {
                region.flush(offset + at, Long.BYTES);
                dirty++;
            }
        }
        if (dirty == 0) {
            return;
        }
        region.drain();
        for (int at = 0; at < length; at += Long.BYTES) {
            final long word = target.getLong(index + at);
            if ((word & LinkWord.DIRTY) != 0) {
                target.putLong(index + at, settle(region, offset + at, word));
            }
        }
    }

    /** Of a damaged word, or of a pool that had another level: a single word is read in the same way. */
    private static void clean(final UnsafeBuffer target, final int index, final int length) {
        for (int at = index; at < index + length; at += Long.BYTES) {
            final long word = target.getLong(at);
            if ((word & LinkWord.DIRTY) != 0) {
                target.putLong(at, LinkWord.clean(word));
            }
        }
    }

    /**
     * Replaces a link word if it has the expected value. What was expected is durable then; the new word is not yet:
     * {@link #settle} it after a persist.
     *
     * @param region the pool
     * @param offset aligned to 8
     * @param expected without tag
     * @param replacement without tag
     * @return the word before, without the tag and durable; equal to {@code expected} exactly when the swap happened
     */
    public static long swap(final NvmRegion region, final long offset, final long expected, final long replacement) {
        final long tag = region.durability() == Durability.POWER ? LinkWord.DIRTY : 0;
        for (; ; ) {
            final long found = region.compareAndSwap(offset, expected, replacement | tag);
            if ((found & LinkWord.DIRTY) == 0) {
                return found;
            }
            region.persist(offset, Long.BYTES);
            final long settled = settle(region, offset, found);
            if (settled != expected) {
                return settled;
            }
        }
    }

    /**
     * Takes the tag off a word that is durable. Anyone may; if the word is another by now, whoever put that there, or sees
     * it, does this for it.
     *
     * @param region the pool
     * @param offset aligned to 8
     * @param word that was seen, or swapped in, before the persist
     * @return the word without the tag
     */
    public static long settle(final NvmRegion region, final long offset, final long word) {
        final long clean = LinkWord.clean(word);
        region.compareAndSwap(offset, clean | LinkWord.DIRTY, clean);
        return clean;
    }
}
