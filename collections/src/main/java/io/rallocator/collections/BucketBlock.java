package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.LinkWord;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * All entries of one bucket. Immutable once linked.
 *
 * <pre>
 *  0    block header, kind BUCKET, locator = bucket index
 *  16   level (1) | low byte of the link word's version (1) | entries (2)
 *  20   per entry: key length 12 | bytes behind the key 18 | expires 1 | indirect 1
 *       key bytes
 *       if the entry expires: when, in ms since 1970 (8)
 *       value bytes, or if indirect: reference of its block (8) | value's length in bytes 63 | composite 1
 * </pre>
 *
 * The version tells an older block of the same bucket, to which a damaged link could lead, from the right one. Entries
 * are not aligned. Behind the key of an indirect entry, and its expiry, are 16 bytes. A composite entry refers to a CHUNKS
 * block, an indirect one that is not composite to a VALUE block.
 */
final class BucketBlock {
    static final int LEVEL_OFFSET = BlockDescriptor.HEADER_BYTES;
    static final int VERSION_OFFSET = LEVEL_OFFSET + 1;
    static final int COUNT_OFFSET = VERSION_OFFSET + 1;
    static final int ENTRIES_OFFSET = COUNT_OFFSET + 2;
    static final int ENTRY_HEADER_BYTES = 4;
    static final int INDIRECT_BYTES = 16;
    static final int MAX_KEY_BYTES = (1 << 12) - 1;
    static final int EXPIRY_BYTES = Long.BYTES;
    static final int NOT_FOUND = -1;

    /** The expiry of an entry that does not expire. */
    static final long NEVER = Long.MAX_VALUE;

    private static final long COMPOSITE = 1L << 63;
    private static final int VALUE_SHIFT = 12;
    private static final int VALUE_MASK = (1 << 18) - 1;
    private static final int EXPIRES = 1 << 30;
    private static final int INDIRECT = 1 << 31;

    private BucketBlock() {}

    static int level(final DirectBuffer block) {
        return block.getByte(LEVEL_OFFSET) & 0xFF;
    }

    static int count(final DirectBuffer block) {
        return block.getShort(COUNT_OFFSET) & 0xFFFF;
    }

    /** Tells whether a block was written for a link word. */
    static boolean isOfWord(final DirectBuffer block, final long word) {
        return block.getByte(VERSION_OFFSET) == (byte) LinkWord.version(word);
    }

    static void putHead(
            final MutableDirectBuffer block, final int index, final int level, final int count, final long word) {
        block.putByte(index + LEVEL_OFFSET, (byte) level);
        block.putByte(index + VERSION_OFFSET, (byte) LinkWord.version(word));
        block.putShort(index + COUNT_OFFSET, (short) count);
    }

    /**
     * Writes what an entry begins with: header, key, expiry.
     *
     * @param target of the entry
     * @param entry where it begins
     * @param key holds the key
     * @param keyIndex where the key begins
     * @param keyLength its bytes
     * @param valueLength bytes of the value in the block
     * @param indirect tells whether they say where the value is
     * @param expiry or {@link #NEVER}
     * @return where the value goes
     */
    static int putEntry(
            final MutableDirectBuffer target,
            final int entry,
            final DirectBuffer key,
            final int keyIndex,
            final int keyLength,
            final int valueLength,
            final boolean indirect,
            final long expiry) {
        final boolean expires = expiry != NEVER;
        final int tail = valueLength + expiryBytes(expiry);
        target.putInt(entry, keyLength | tail << VALUE_SHIFT | (expires ? EXPIRES : 0) | (indirect ? INDIRECT : 0));
        target.putBytes(keyIndex(entry), key, keyIndex, keyLength);
        final int at = keyIndex(entry) + keyLength;
        if (expires) {
            target.putLong(at, expiry);
        }
        return at + expiryBytes(expiry);
    }

    /** Bytes that an expiry takes. */
    static int expiryBytes(final long expiry) {
        return expiry == NEVER ? 0 : EXPIRY_BYTES;
    }

    static int keyLength(final DirectBuffer block, final int entry) {
        return block.getInt(entry) & MAX_KEY_BYTES;
    }

    private static int tailLength(final DirectBuffer block, final int entry) {
        return block.getInt(entry) >>> VALUE_SHIFT & VALUE_MASK;
    }

    private static boolean expires(final DirectBuffer block, final int entry) {
        return (block.getInt(entry) & EXPIRES) != 0;
    }

    /** When the entry expires, in ms since 1970, or {@link #NEVER}. */
    static long expiry(final DirectBuffer block, final int entry) {
        return expires(block, entry) ? block.getLong(keyIndex(entry) + keyLength(block, entry)) : NEVER;
    }

    /** Bytes of the value in this block. */
    static int valueLength(final DirectBuffer block, final int entry) {
        return tailLength(block, entry) - (expires(block, entry) ? EXPIRY_BYTES : 0);
    }

    static boolean isIndirect(final DirectBuffer block, final int entry) {
        return block.getInt(entry) < 0;
    }

    static int keyIndex(final int entry) {
        return entry + ENTRY_HEADER_BYTES;
    }

    static int valueIndex(final DirectBuffer block, final int entry) {
        return entry + ENTRY_HEADER_BYTES + keyLength(block, entry) + (expires(block, entry) ? EXPIRY_BYTES : 0);
    }

    static int entryBytes(final DirectBuffer block, final int entry) {
        return ENTRY_HEADER_BYTES + keyLength(block, entry) + tailLength(block, entry);
    }

    /** Reference of the block of an indirect entry. */
    static long indirectRef(final DirectBuffer block, final int entry) {
        return block.getLong(valueIndex(block, entry));
    }

    /** Length word of an indirect entry: see {@link #valueBytes} and {@link #isComposite}. */
    static long indirectWord(final DirectBuffer block, final int entry) {
        return block.getLong(valueIndex(block, entry) + Long.BYTES);
    }

    /** The length word of an indirect entry. */
    static long indirectWord(final long valueBytes, final boolean composite) {
        return composite ? valueBytes | COMPOSITE : valueBytes;
    }

    /** Bytes of the value of an indirect entry. */
    static long valueBytes(final long indirectWord) {
        return indirectWord & ~COMPOSITE;
    }

    /** Tells whether the value of an indirect entry is in chunks. */
    static boolean isComposite(final long indirectWord) {
        return (indirectWord & COMPOSITE) != 0;
    }

    /** Tells whether the value of an entry is in chunks. */
    static boolean isComposite(final DirectBuffer block, final int entry) {
        return isIndirect(block, entry) && isComposite(indirectWord(block, entry));
    }

    /**
     * Finds a key.
     *
     * @param block whose CRC was verified
     * @param key holds the key
     * @param keyIndex where it begins
     * @param keyLength its bytes
     * @return where the entry begins, or {@link #NOT_FOUND}
     */
    static int find(final DirectBuffer block, final DirectBuffer key, final int keyIndex, final int keyLength) {
        int entry = ENTRIES_OFFSET;
        for (int i = count(block); i > 0; i--) {
            final int header = block.getInt(entry);
            if ((header & MAX_KEY_BYTES) == keyLength
                    && Bytes.equal(block, entry + ENTRY_HEADER_BYTES, key, keyIndex, keyLength)) {
                return entry;
            }
            entry += ENTRY_HEADER_BYTES + (header & MAX_KEY_BYTES) + (header >>> VALUE_SHIFT & VALUE_MASK);
        }
        return NOT_FOUND;
    }

    /**
     * Tells whether the entries fill the block exactly.
     *
     * @param block whose CRC was verified
     * @param length its checked length
     * @return false if nothing in it can be trusted
     */
    static boolean isWellFormed(final DirectBuffer block, final int length) {
        if (length < ENTRIES_OFFSET) {
            return false;
        }
        int entry = ENTRIES_OFFSET;
        for (int i = count(block); i > 0; i--) {
            if (entry + ENTRY_HEADER_BYTES > length) {
                return false;
            }
            final int bytes = entryBytes(block, entry);
            final int valueLength = valueLength(block, entry);
            if (bytes > length - entry
                    || valueLength < 0
                    || isIndirect(block, entry) && valueLength != INDIRECT_BYTES) {
                return false;
            }
            entry += bytes;
        }
        return entry == length;
    }
}
