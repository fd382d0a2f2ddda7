package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.ChunksDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SizeClasses;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where a map's words are. The root block goes on after {@link RootDescriptor#WORDS_OFFSET} with
 *
 * <pre>
 *  384  buckets: how many the table has, a plain word, swapped forward; a hint only
 *  392  size stripes: one word a lane of the pool, {sequence 24 | count 40, signed}, 64 bytes apart where possible
 *       directory: one link word an extent
 * </pre>
 *
 * and an extent is {@code header (16) | bucket words}. Extents grow from 16 words by doubling, each as large as fits the
 * largest block class of at most that size, up to a limit that depends on the pool's capacity; from then on all are
 * equal. The structure's parameter is {@code words of the equal extents | directory words << 32}.
 *
 * <p>The table begins with 16 buckets of level 4, all EMPTY: SPECIAL with the value {@code check 32 | level 8}. Bucket b of level l holds the keys whose hash ends in b,
 * looked at in l bits.
 */
final class MapLayout implements Blueprint {
    static final int TYPE = 1;
    static final String TYPE_NAME = "map";
    static final int FIRST_LEVEL = 4;
    static final int FIRST_BUCKETS = 1 << FIRST_LEVEL;

    /** The locator of a block has so many bits, so a bucket index has no more. */
    static final int MAX_LEVEL = 40;

    static final int BUCKETS_OFFSET = RootDescriptor.WORDS_OFFSET;
    static final int STRIPES_OFFSET = BUCKETS_OFFSET + Long.BYTES;
    static final int EXTENT_WORDS_OFFSET = ExtentTable.WORDS_OFFSET;

    private static final int STRIPES_IN_A_LINE = 8;
    private static final int MAX_DIRECTORY_WORDS = 1024;
    private static final int MIN_DIRECTORY_WORDS = 32;
    private static final int MIN_EXTENT_BYTES = 1024;
    private static final int EXTENTS_IN_A_POOL = 1024;
    private static final int SMALLEST_BUCKET_BYTES = 64;
    private static final int MAX_INLINE_VALUE_BYTES = 512;

    private final int stripeLines;
    private final int directoryOffset;
    private final int directoryWords;
    private final int equalWords;
    private final int[] growingWords;
    private final long[] growingStarts;
    private final long growingEnd;
    private final long maxBuckets;
    private final int maxKeyBytes;
    private final int maxInlineBytes;
    private final int maxBlockValueBytes;
    private final int maxValueBytes;

    private MapLayout(final PoolGeometry geometry, final int equalWords, final int directoryWords) {
        this.equalWords = equalWords;
        this.directoryWords = directoryWords;
        stripeLines = stripeLines(geometry);
        directoryOffset = directoryOffset(geometry);
        growingWords = growingWords(equalWords);
        growingStarts = new long[growingWords.length];
        long start = 0;
        for (int i = 0; i < growingWords.length; i++) {
            growingStarts[i] = start;
            start += growingWords[i];
        }
        growingEnd = start;
        maxBuckets = growingEnd + (long) (directoryWords - growingWords.length) * equalWords;
        final int maxBlock = geometry.maxBlockBytes();
        maxKeyBytes = Math.min(BucketBlock.MAX_KEY_BYTES, maxBlock / 16);
        maxInlineBytes = Math.min(MAX_INLINE_VALUE_BYTES, maxBlock / 32);
        maxBlockValueBytes = maxBlock - BlockDescriptor.HEADER_BYTES;
        final long slabBytes = (long) geometry.units() * geometry.unitBytes();
        final long mostListed = Math.min(CompositeValue.MAX_BYTES, ChunksDescriptor.maxBytes(geometry));
        maxValueBytes = (int) Math.min(mostListed, slabBytes);
    }

    /**
     * The layout for a new map.
     *
     * @param geometry of the pool
     * @return the layout
     * @throws IllegalArgumentException if no root block of this pool can hold the stripes of so many lanes
     */
    static MapLayout create(final PoolGeometry geometry) {
        final long extentBytes =
                Math.min(geometry.maxBlockBytes(), Math.max(MIN_EXTENT_BYTES, geometry.capacity() / EXTENTS_IN_A_POOL));
        final int equalWords = wordsThatFit((int) extentBytes);
        final int room = (geometry.maxBlockBytes() - directoryOffset(geometry)) / Long.BYTES;
        if (room < MIN_DIRECTORY_WORDS) {
            throw new IllegalArgumentException("a map needs " + (directoryOffset(geometry) + MIN_DIRECTORY_WORDS * 8)
                    + " bytes in one block for the lanes of " + geometry.sessions() + " sessions of "
                    + geometry.lanes() + ", this pool's largest block has " + geometry.maxBlockBytes()
                    + "; create the pool with fewer sessions or lanes, or with larger slab classes");
        }
        final long wanted = geometry.capacity() / SMALLEST_BUCKET_BYTES / equalWords + MIN_DIRECTORY_WORDS;
        final int most =
                geometry.capacity() >= 1L << 30 ? MAX_DIRECTORY_WORDS : (int) Math.min(MAX_DIRECTORY_WORDS, wanted);
        return new MapLayout(geometry, equalWords, Math.min(room, most));
    }

    /**
     * The layout of a map in the pool.
     *
     * @param geometry of the pool
     * @param parameter from its root block
     * @return the layout
     * @throws CorruptedPoolException if the parameter is impossible
     */
    static MapLayout of(final PoolGeometry geometry, final long parameter) {
        final long equalWords = parameter & 0xFFFF_FFFFL;
        final long directoryWords = parameter >>> 32;
        if (equalWords < FIRST_BUCKETS
                || equalWords * 8 + EXTENT_WORDS_OFFSET > geometry.maxBlockBytes()
                || directoryWords < MIN_DIRECTORY_WORDS
                || directoryOffset(geometry) + directoryWords * 8 > geometry.maxBlockBytes()) {
            throw new CorruptedPoolException("a map's root block has the impossible parameter 0x"
                    + Long.toHexString(parameter) + "; run `rallocator check`");
        }
        return new MapLayout(geometry, (int) equalWords, (int) directoryWords);
    }

    private static int stripeLines(final PoolGeometry geometry) {
        final int stripes = geometry.sessions() * geometry.lanes();
        return (stripes + STRIPES_IN_A_LINE - 1) / STRIPES_IN_A_LINE;
    }

    private static int directoryOffset(final PoolGeometry geometry) {
        return STRIPES_OFFSET + stripeLines(geometry) * STRIPES_IN_A_LINE * Long.BYTES;
    }

    /** Words of the largest extent of at most so many bytes. */
    private static int wordsThatFit(final int bytes) {
        int blockClass = SizeClasses.indexFor(Math.min(bytes, SizeClasses.maxBytes()));
        if (SizeClasses.bytes(blockClass) > bytes) {
            blockClass--;
        }
        return (SizeClasses.bytes(blockClass) - EXTENT_WORDS_OFFSET) / Long.BYTES;
    }

    private static int[] growingWords(final int equalWords) {
        final int[] words = new int[32];
        int count = 0;
        words[count++] = FIRST_BUCKETS;
        for (int wanted = FIRST_BUCKETS; ; wanted *= 2) {
            final int fitting = wordsThatFit(wanted * Long.BYTES + EXTENT_WORDS_OFFSET);
            if (fitting >= equalWords) {
                return Arrays.copyOf(words, count);
            }
            words[count++] = fitting;
        }
    }

    static long mask(final int level) {
        return (1L << level) - 1;
    }

    // ---- the root block

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public String typeName() {
        return TYPE_NAME;
    }

    @Override
    public long parameter() {
        return equalWords | (long) directoryWords << 32;
    }

    @Override
    public int rootBytes() {
        return directoryOffset + directoryWords * Long.BYTES;
    }

    @Override
    public int firstBytes() {
        return extentBytes(0);
    }

    @Override
    public void fill(
            final UnsafeBuffer buffer, final int rootAt, final int firstAt, final int structure, final long firstRef) {
        buffer.putLong(rootAt + BUCKETS_OFFSET, FIRST_BUCKETS);
        buffer.putLong(rootAt + directoryOffset, LinkWord.pointTo(0, BlockRef.pointer(firstRef)));
        for (int i = 0; i < FIRST_BUCKETS; i++) {
            buffer.putLong(firstAt + EXTENT_WORDS_OFFSET + 8 * i, emptyWord(LinkWord.UNINIT, FIRST_LEVEL, i));
        }
        BlockDescriptor.seal(buffer, firstAt, EXTENT_WORDS_OFFSET, BlockDescriptor.EXTENT, structure, 0, firstRef);
    }

    /** Where the stripe of a lane is in the root block: lanes of one session in different cache lines. */
    int stripeOffset(final int stripe) {
        final int line = stripe % stripeLines;
        return STRIPES_OFFSET + (line * STRIPES_IN_A_LINE + stripe / stripeLines) * Long.BYTES;
    }

    /** Stripes, and unused words between them, which are 0. */
    int stripeWords() {
        return stripeLines * STRIPES_IN_A_LINE;
    }

    int directoryWords() {
        return directoryWords;
    }

    /** Where the link word of an extent is in the root block. */
    int directoryOffset(final int extent) {
        return directoryOffset + extent * Long.BYTES;
    }

    // ---- words of buckets without a block

    /**
     * The word of a bucket that has no entries and no block: EMPTY, its level and a check of both, because a level that is
     * taken for another would hide entries.
     *
     * @param old the word that will be replaced
     * @param level of the bucket
     * @param bucket index
     * @return the new word
     */
    static long emptyWord(final long old, final int level, final long bucket) {
        return LinkWord.special(old, emptyValue(level, bucket));
    }

    private static long emptyValue(final int level, final long bucket) {
        final long check = (bucket << Byte.SIZE | level) * 0x9E37_79B9_7F4A_7C15L >>> Integer.SIZE;
        return check << Byte.SIZE | level;
    }

    /**
     * The level in the word of a bucket without a block.
     *
     * @param word of the bucket, not a pointer
     * @param bucket index
     * @return the level, or -1 if the word is damaged
     */
    static int emptyLevel(final long word, final long bucket) {
        final int level = (int) LinkWord.value(word) & 0xFF;
        return LinkWord.isSpecial(word)
                        && LinkWord.blockClass(word) == 0
                        && LinkWord.value(word) == emptyValue(level, bucket)
                ? level
                : -1;
    }

    // ---- extents

    /** Most buckets that the directory reaches. */
    long maxBuckets() {
        return maxBuckets;
    }

    /** The extent that holds a bucket's word. */
    int extentOf(final long bucket) {
        if (bucket >= growingEnd) {
            return growingWords.length + (int) ((bucket - growingEnd) / equalWords);
        }
        // an extent begins at most a little before the power of two that it would have begun at
        int extent = bucket < FIRST_BUCKETS ? 0 : 60 - Long.numberOfLeadingZeros(bucket);
        while (extent + 1 < growingStarts.length && growingStarts[extent + 1] <= bucket) {
            extent++;
        }
        return extent;
    }

    long extentStart(final int extent) {
        return extent < growingWords.length
                ? growingStarts[extent]
                : growingEnd + (long) (extent - growingWords.length) * equalWords;
    }

    int extentWords(final int extent) {
        return extent < growingWords.length ? growingWords[extent] : equalWords;
    }

    int extentBytes(final int extent) {
        return EXTENT_WORDS_OFFSET + extentWords(extent) * Long.BYTES;
    }

    // ---- limits

    int maxKeyBytes() {
        return maxKeyBytes;
    }

    /** Longer values have a block of their own. */
    int maxInlineBytes() {
        return maxInlineBytes;
    }

    /** Longer values are in chunks. */
    int maxBlockValueBytes() {
        return maxBlockValueBytes;
    }

    int maxValueBytes() {
        return maxValueBytes;
    }

    // ---- the table

    /** The bucket of a hash in a table of so many buckets. */
    static long bucketOf(final long hash, final long buckets) {
        final int level = levelOf(buckets);
        final long bucket = hash & mask(level + 1);
        return bucket < buckets ? bucket : bucket & mask(level);
    }

    /** The level of the buckets that were not yet split in this round. */
    static int levelOf(final long buckets) {
        return 63 - Long.numberOfLeadingZeros(buckets);
    }

    /** The bucket from which a bucket was or will be split off. */
    static long parentOf(final long bucket) {
        return bucket & ~Long.highestOneBit(bucket);
    }
}
