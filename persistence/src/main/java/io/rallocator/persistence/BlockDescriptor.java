package io.rallocator.persistence;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The 16-byte header of every block. It says which one link word could reach the block, so recovery can ask that word.
 *
 * <pre>
 *  0   CRC32C of bytes 4 … checked length (4)
 *  4   checked length 24 | kind 4 | slab class 4
 *  8   locator 40 | structure 16 | generation 8
 * </pre>
 *
 * Immutable kinds (bucket, value, element, batch, lease, array element, chunks, chunk) are checked to their last byte; kinds that hold
 * mutable words (root, extent, segment, leases, directory) are checked up to those words. The locator's meaning is the kind's: a bucket's index, a slot's address, ….
 */
public final class BlockDescriptor {
    /** Size of the header. */
    public static final int HEADER_BYTES = 16;

    /** Kind: root block of a structure, see {@link RootDescriptor}. */
    public static final int ROOT = 1;

    /** Kind: extent of bucket words; locator = extent index. */
    public static final int EXTENT = 2;

    /** Kind: all entries of one bucket; locator = bucket index. */
    public static final int BUCKET = 3;

    /** Kind: one large value; locator = low 40 bits of the key's hash. */
    public static final int VALUE = 4;

    /** Kind: queue segment; locator = ordinal of the segment. */
    public static final int SEGMENT = 5;

    /** Kind: queue element; locator = address of the slot word in units of 8 bytes. */
    public static final int ELEMENT = 6;

    /** Kind: list of the chunks of a value larger than a block, see {@link ChunksDescriptor}; locator as of a value. */
    public static final int CHUNKS = 7;

    /** Kind: part of a value, owned by a list of chunks; locator as of a value. */
    public static final int CHUNK = 8;

    /** Kind: elements of one slot of a queue; locator as of an element. */
    public static final int BATCH = 9;

    /** Kind: lease words of a queue; locator = number of the page. */
    public static final int LEASES = 10;

    /** Kind: element of an array; locator = index of the element. */
    public static final int ARRAY_ELEMENT = 11;

    /** Kind: link words of extents; locator = number of the directory. */
    public static final int DIRECTORY = 12;

    /** Kind: element of a queue that a consumer has received; locator = address of the lease word in units of 8 bytes. */
    public static final int LEASE = 14;

    /** Kind: names of structures, see {@link NameDirectory} and {@link NamePage}; locator = 0 for the directory, else page + 1. */
    public static final int NAMES = 15;

    /** Longest checked length. */
    public static final int MAX_LENGTH = (1 << 24) - 1;

    private BlockDescriptor() {}

    /**
     * Writes the header, with the CRC, over a block whose other checked bytes are in place.
     *
     * @param buffer holds the block
     * @param index where the block begins in it
     * @param length checked bytes, header included
     * @param kind of the block
     * @param structure root index of the structure
     * @param locator 0 … 2^40 − 1
     * @param ref the block's reference: slab class and generation are taken from it
     */
    public static void seal(
            final MutableDirectBuffer buffer,
            final int index,
            final int length,
            final int kind,
            final int structure,
            final long locator,
            final long ref) {
        assert length >= HEADER_BYTES && length <= MAX_LENGTH : length;
        assert (locator & ~LinkWord.VALUE_MASK) == 0 : locator;
        buffer.putInt(index + 4, length | kind << 24 | BlockRef.slabClass(ref) << 28);
        buffer.putLong(index + 8, locator | (long) structure << 40 | (long) BlockRef.generation(ref) << 56);
        buffer.putInt(index, Crc32c.of(buffer, index + 4, length - 4));
    }

    /**
     * Writes the header, with the CRC, of a block whose other checked bytes are somewhere else.
     *
     * @param header gets the 16 bytes
     * @param index where they go
     * @param payload holds what follows the header in the block
     * @param payloadIndex where that begins
     * @param payloadLength its bytes
     * @param kind of the block
     * @param structure root index of the structure
     * @param locator 0 … 2^40 − 1
     * @param ref the block's reference: slab class and generation are taken from it
     */
    public static void sealApart(
            final MutableDirectBuffer header,
            final int index,
            final DirectBuffer payload,
            final int payloadIndex,
            final int payloadLength,
            final int kind,
            final int structure,
            final long locator,
            final long ref) {
        final int length = HEADER_BYTES + payloadLength;
        assert length <= MAX_LENGTH : length;
        assert (locator & ~LinkWord.VALUE_MASK) == 0 : locator;
        header.putInt(index + 4, length | kind << 24 | BlockRef.slabClass(ref) << 28);
        header.putLong(index + 8, locator | (long) structure << 40 | (long) BlockRef.generation(ref) << 56);
        header.putInt(index, Crc32c.of(header, index + 4, HEADER_BYTES - 4, payload, payloadIndex, payloadLength));
    }

    /**
     * Tells whether a block is whole that was read in two parts.
     *
     * @param header holds its header
     * @param index where that begins
     * @param payload holds what follows the header in the block
     * @param payloadIndex where that begins
     * @param payloadLength bytes that the block must have behind its header
     * @return true if the length is that and the CRC right
     */
    public static boolean isValidApart(
            final DirectBuffer header,
            final int index,
            final DirectBuffer payload,
            final int payloadIndex,
            final int payloadLength) {
        return length(header, index) == HEADER_BYTES + payloadLength
                && header.getInt(index)
                        == Crc32c.of(header, index + 4, HEADER_BYTES - 4, payload, payloadIndex, payloadLength);
    }

    /**
     * Tells whether a block is whole.
     *
     * @param buffer holds the block
     * @param index where it begins
     * @param available bytes of it that are in the buffer
     * @return true if the length is possible and the CRC right
     */
    public static boolean isValid(final DirectBuffer buffer, final int index, final int available) {
        final int length = length(buffer, index);
        return length >= HEADER_BYTES
                && length <= available
                && buffer.getInt(index) == Crc32c.of(buffer, index + 4, length - 4);
    }

    /**
     * Checked length.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return bytes
     */
    public static int length(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + 4) & MAX_LENGTH;
    }

    /**
     * Kind.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return one of the kinds
     */
    public static int kind(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + 4) >>> 24 & 15;
    }

    /**
     * Slab class.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return of the slab that holds the block
     */
    public static int slabClass(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + 4) >>> 28;
    }

    /**
     * Locator.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return 0 … 2^40 − 1
     */
    public static long locator(final DirectBuffer buffer, final int index) {
        return buffer.getLong(index + 8) & LinkWord.VALUE_MASK;
    }

    /**
     * Structure.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return root index
     */
    public static int structure(final DirectBuffer buffer, final int index) {
        return (int) (buffer.getLong(index + 8) >>> 40) & 0xFFFF;
    }

    /**
     * Generation.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return 0 … 255
     */
    public static int generation(final DirectBuffer buffer, final int index) {
        return (int) (buffer.getLong(index + 8) >>> 56);
    }

    /**
     * Tells whether a header is that of the block which a reference names, in the life that it names.
     *
     * @param buffer holds the header
     * @param index where the block begins
     * @param ref a {@link BlockRef}
     * @return true if slab class and generation are the reference's
     */
    public static boolean isNamedBy(final DirectBuffer buffer, final int index, final long ref) {
        return generation(buffer, index) == BlockRef.generation(ref)
                && slabClass(buffer, index) == BlockRef.slabClass(ref);
    }

    /**
     * The reference of a block that a link word leads to.
     *
     * @param link a pointer
     * @param buffer holds the block
     * @param index where it begins
     * @return its {@link BlockRef}
     */
    public static long refOf(final long link, final DirectBuffer buffer, final int index) {
        return BlockRef.of(
                LinkWord.offset(link), LinkWord.blockClass(link), slabClass(buffer, index), generation(buffer, index));
    }

    /**
     * Name of a kind.
     *
     * @param kind as in the header
     * @return a word for people
     */
    public static String kindName(final int kind) {
        return switch (kind) {
            case 0 -> "none";
            case ROOT -> "root";
            case EXTENT -> "extent";
            case BUCKET -> "bucket";
            case VALUE -> "value";
            case SEGMENT -> "segment";
            case ELEMENT -> "element";
            case CHUNKS -> "chunks";
            case CHUNK -> "chunk";
            case BATCH -> "batch";
            case LEASES -> "leases";
            case ARRAY_ELEMENT -> "array element";
            case DIRECTORY -> "directory";
            case LEASE -> "lease";
            case NAMES -> "names";
            default -> "kind " + kind;
        };
    }
}
