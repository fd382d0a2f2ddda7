package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.ChunksDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.StructureTracer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Follows the links of one map. A value is reachable if the bucket that has its key's hash now names it; as in any reader, a
 * frozen bucket has the upper half only as long as the bucket for it is UNINIT.
 *
 * <p>Threads: one.
 */
final class MapTracer implements StructureTracer {
    private static final int MAX_HOPS = 4 * MapLayout.MAX_LEVEL;

    private final BlockProbe probe;
    private final BlockProbe values;
    private final BlockProbe chunks;
    private final long rootRef;
    private final long root;
    private final MapLayout layout;
    private long entries;

    MapTracer(final BlockProbe probe, final long rootRef) {
        this.probe = probe;
        this.values = new BlockProbe(probe.region(), probe.geometry(), probe.structure());
        this.chunks = new BlockProbe(probe.region(), probe.geometry(), probe.structure());
        this.rootRef = rootRef;
        this.root = BlockRef.offset(rootRef);
        layout = MapLayout.of(probe.geometry(), probe.word(root + RootDescriptor.PARAMETER_OFFSET));
        if (root + layout.rootBytes() > probe.geometry().capacity()) {
            throw new CorruptedPoolException("the root block of a map at offset " + root + " leaves the pool");
        }
    }

    // ---- one block

    @Override
    public boolean isReachable(final long ref, final DirectBuffer block, final int index) {
        final long locator = BlockDescriptor.locator(block, index);
        return switch (BlockDescriptor.kind(block, index)) {
            case BlockDescriptor.ROOT -> BlockRef.pointer(ref) == BlockRef.pointer(rootRef);
            case BlockDescriptor.EXTENT -> isExtentReachable(ref, locator);
            case BlockDescriptor.BUCKET -> isBucketReachable(ref, locator);
            case BlockDescriptor.VALUE, BlockDescriptor.CHUNKS -> findBucket(locator) && names(probe.block(), ref);
            case BlockDescriptor.CHUNK -> findBucket(locator) && lists(probe.block(), locator, ref);
            default -> false;
        };
    }

    private boolean isExtentReachable(final long ref, final long extent) {
        return extent < layout.directoryWords() && BlockProbe.leadsTo(probe.link(linkOffset((int) extent)), ref);
    }

    private boolean isBucketReachable(final long ref, final long bucket) {
        final long offset = wordOffset(bucket);
        return offset != 0 && BlockProbe.leadsTo(probe.link(offset), ref);
    }

    private long linkOffset(final int extent) {
        return root + layout.directoryOffset(extent);
    }

    /** Where a bucket's word is, or 0 if its extent does not exist. */
    private long wordOffset(final long bucket) {
        if (bucket >= layout.maxBuckets()) {
            return 0;
        }
        final int extent = layout.extentOf(bucket);
        final long link = probe.link(linkOffset(extent));
        if (link == LinkWord.UNINIT) {
            return 0;
        }
        if (Blocks.targetBytes(probe.geometry(), link, linkOffset(extent)) < layout.extentBytes(extent)) {
            throw Blocks.damagedWord(link, linkOffset(extent));
        }
        return LinkWord.offset(link)
                + MapLayout.EXTENT_WORDS_OFFSET
                + (bucket - layout.extentStart(extent)) * Long.BYTES;
    }

    /** Reads the block of the bucket that has a hash now into the probe; false if it has none. */
    private boolean findBucket(final long hash) {
        long bucket = MapLayout.FIRST_BUCKETS - 1 & hash;
        for (int hop = 0; hop < MAX_HOPS; hop++) {
            final long offset = wordOffset(bucket);
            final long word = offset == 0 ? LinkWord.UNINIT : probe.link(offset);
            if (word == LinkWord.UNINIT) {
                if (bucket < MapLayout.FIRST_BUCKETS) {
                    throw Blocks.damagedWord(word, offset);
                }
                bucket = MapLayout.parentOf(bucket);
                continue;
            }
            final int level = level(word, offset, bucket);
            if (level < 0) {
                continue; // changed while it was read
            }
            if ((hash & MapLayout.mask(level)) != bucket) {
                bucket = hash & MapLayout.mask(level);
                continue;
            }
            final long high = bucket + (1L << level);
            if (LinkWord.isFrozen(word) && (hash >>> level & 1) != 0 && isLinked(high)) {
                bucket = high;
                continue;
            }
            return LinkWord.isPointer(word);
        }
        throw new CorruptedPoolException("map of structure " + probe.structure() + ": the levels on the way to hash 0x"
                + Long.toHexString(hash) + " lead in a circle; run `rallocator check`");
    }

    private boolean isLinked(final long bucket) {
        final long offset = wordOffset(bucket);
        return offset != 0 && probe.link(offset) != LinkWord.UNINIT;
    }

    /** Level of the bucket, whose block is in the probe then; -1 if the word changed meanwhile. */
    private int level(final long word, final long offset, final long bucket) {
        if (LinkWord.isPointer(word)) {
            final String wrong = probe.read(word, BlockDescriptor.BUCKET, bucket, BucketBlock.ENTRIES_OFFSET);
            if (wrong != null
                    || !BucketBlock.isOfWord(probe.block(), word)
                    || !BucketBlock.isWellFormed(probe.block(), probe.length())) {
                if (probe.link(offset) != word) {
                    return -1;
                }
                throw new CorruptedPoolException(
                        "the word at offset " + offset + " leads to a damaged block: " + wrong);
            }
        }
        final int level = levelOf(word, bucket);
        if (level < 0) {
            throw Blocks.damagedWord(word, offset);
        }
        return level;
    }

    /** Level of a bucket whose block, if it has one, is in the probe; -1 if it is impossible. */
    private int levelOf(final long word, final long bucket) {
        final int level =
                LinkWord.isPointer(word) ? BucketBlock.level(probe.block()) : MapLayout.emptyLevel(word, bucket);
        return level >= MapLayout.FIRST_LEVEL && level <= MapLayout.MAX_LEVEL && bucket <= MapLayout.mask(level)
                ? level
                : -1;
    }

    private static boolean names(final DirectBuffer block, final long valueRef) {
        int entry = BucketBlock.ENTRIES_OFFSET;
        for (int i = BucketBlock.count(block); i > 0; i--) {
            if (BucketBlock.isIndirect(block, entry) && BucketBlock.indirectRef(block, entry) == valueRef) {
                return true;
            }
            entry += BucketBlock.entryBytes(block, entry);
        }
        return false;
    }

    /** Tells whether a list of an entry with a hash names a chunk. */
    private boolean lists(final UnsafeBuffer block, final long locator, final long chunk) {
        int entry = BucketBlock.ENTRIES_OFFSET;
        for (int i = BucketBlock.count(block); i > 0; i--) {
            final long hash = hashOf(block, entry);
            if ((hash & LinkWord.VALUE_MASK) == locator
                    && BucketBlock.isComposite(block, entry)
                    && listNames(block, entry, hash, chunk)) {
                return true;
            }
            entry += BucketBlock.entryBytes(block, entry);
        }
        return false;
    }

    private boolean listNames(final UnsafeBuffer block, final int entry, final long hash, final long chunk) {
        final String wrong = readList(block, entry, hash);
        if (wrong != null) {
            // it may own the chunk: keep that
            throw new CorruptedPoolException("a list of chunks on the way to the block at offset "
                    + BlockRef.offset(chunk) + " is damaged: " + wrong + "; run `rallocator check`");
        }
        for (int i = 0; i < ChunksDescriptor.count(values.block()); i++) {
            if (ChunksDescriptor.ref(values.block(), i) == chunk) {
                return true;
            }
        }
        return false;
    }

    /** Reads the list of a composite entry into the value's probe; returns what is wrong with it, or null. */
    private String readList(final UnsafeBuffer block, final int entry, final long hash) {
        final long ref = BucketBlock.indirectRef(block, entry);
        final long length = BucketBlock.valueBytes(BucketBlock.indirectWord(block, entry));
        if (!CompositeValue.isPossible(probe.geometry(), ref, length)) {
            return "an entry says that its value of " + length + " bytes is at an impossible place";
        }
        final String wrong = values.read(
                BlockRef.pointer(ref), BlockDescriptor.CHUNKS, hash & LinkWord.VALUE_MASK, ChunksDescriptor.length(1));
        if (wrong != null) {
            return wrong;
        }
        return CompositeValue.isRightList(probe.geometry(), values.block(), probe.structure(), hash, ref, length)
                ? null
                : "the list of chunks at offset " + BlockRef.offset(ref) + " is of another life or value";
    }

    private static long hashOf(final DirectBuffer block, final int entry) {
        return Bytes.hash(block, BucketBlock.keyIndex(entry), BucketBlock.keyLength(block, entry));
    }

    // ---- everything

    @Override
    public void trace(final Visitor visitor) {
        entries = 0;
        visitor.block(rootRef, probe.geometry().rootOffset(probe.structure()));
        final long buckets = probe.word(root + MapLayout.BUCKETS_OFFSET);
        if (buckets < MapLayout.FIRST_BUCKETS || buckets > layout.maxBuckets()) {
            visitor.damage(root + MapLayout.BUCKETS_OFFSET, "the table's size " + buckets + " is impossible");
        }
        for (int extent = 0; extent < layout.directoryWords(); extent++) {
            final long link = probe.link(linkOffset(extent));
            if (link != LinkWord.UNINIT) {
                traceExtent(visitor, extent, link);
            } else if (extent == 0) {
                visitor.damage(linkOffset(0), "the first extent is missing");
            }
        }
    }

    private void traceExtent(final Visitor visitor, final int extent, final long link) {
        final String wrong = probe.read(link, BlockDescriptor.EXTENT, extent, layout.extentBytes(extent));
        if (wrong != null) {
            visitor.damage(linkOffset(extent), wrong);
            return;
        }
        visitor.block(probe.ref(link), linkOffset(extent));
        final long words = LinkWord.offset(link) + MapLayout.EXTENT_WORDS_OFFSET;
        for (int i = 0; i < layout.extentWords(extent); i++) {
            final long offset = words + 8L * i;
            final long bucket = layout.extentStart(extent) + i;
            final long word = probe.link(offset);
            if (word != LinkWord.UNINIT) {
                traceBucket(visitor, bucket, offset, word);
            } else if (bucket < MapLayout.FIRST_BUCKETS) {
                visitor.damage(offset, "the word of bucket " + bucket + " is not set");
            }
        }
    }

    private void traceBucket(final Visitor visitor, final long bucket, final long offset, final long word) {
        final boolean hasBlock = LinkWord.isPointer(word);
        if (hasBlock) {
            final String wrong = probe.read(word, BlockDescriptor.BUCKET, bucket, BucketBlock.ENTRIES_OFFSET);
            if (wrong != null) {
                visitor.damage(offset, wrong);
                return;
            }
            if (!BucketBlock.isOfWord(probe.block(), word)) {
                visitor.damage(offset, "the word leads to an older block of bucket " + bucket);
                return;
            }
            visitor.block(probe.ref(word), offset);
            if (!BucketBlock.isWellFormed(probe.block(), probe.length())) {
                visitor.damage(LinkWord.offset(word), "the entries of bucket " + bucket + " do not fill its block");
                return;
            }
        }
        final int level = levelOf(word, bucket);
        if (level < 0) {
            visitor.damage(offset, "bucket " + bucket + " has an impossible level: word 0x" + Long.toHexString(word));
            return;
        }
        checkChildren(visitor, bucket, level, offset);
        if (!LinkWord.isFrozen(word) && isHighLinked(bucket, level)) {
            visitor.damage(
                    offset, "bucket " + bucket + " of level " + level + " is not frozen, but its upper half is linked");
        }
        if (hasBlock) {
            final boolean lowerHalfOnly = LinkWord.isFrozen(word) && isHighLinked(bucket, level);
            traceEntries(visitor, bucket, level, LinkWord.offset(word), lowerHalfOnly);
        }
    }

    private boolean isHighLinked(final long bucket, final int level) {
        return isLinked(bucket + (1L << level));
    }

    /** A bucket of level l was split at each level since its own first one. */
    private void checkChildren(final Visitor visitor, final long bucket, final int level, final long offset) {
        final int first = Math.max(MapLayout.FIRST_LEVEL, Long.SIZE - Long.numberOfLeadingZeros(bucket));
        for (int split = first; split < level; split++) {
            if (!isHighLinked(bucket, split)) {
                visitor.damage(
                        offset,
                        "bucket " + bucket + " has level " + level + ", but bucket " + (bucket + (1L << split))
                                + " that was split off it is missing");
            }
        }
    }

    private void traceEntries(
            final Visitor visitor,
            final long bucket,
            final int level,
            final long blockOffset,
            final boolean lowerHalfOnly) {
        final UnsafeBuffer block = probe.block();
        final int count = BucketBlock.count(block);
        int entry = BucketBlock.ENTRIES_OFFSET;
        for (int i = 0; i < count; i++) {
            final long hash = hashOf(block, entry);
            final boolean moved = lowerHalfOnly && (hash >>> level & 1) != 0;
            if ((hash & MapLayout.mask(level)) != bucket) {
                visitor.damage(
                        blockOffset + entry,
                        "a key with hash 0x" + Long.toHexString(hash) + " is in bucket " + bucket + " of level "
                                + level);
            } else if (!moved) {
                entries++;
                if (isRepeated(block, entry)) {
                    visitor.damage(blockOffset + entry, "bucket " + bucket + " has a key twice");
                }
                if (BucketBlock.isComposite(block, entry)) {
                    traceComposite(visitor, block, entry, hash, blockOffset);
                } else if (BucketBlock.isIndirect(block, entry)) {
                    traceValue(visitor, block, entry, hash, blockOffset);
                }
            }
            entry += BucketBlock.entryBytes(block, entry);
        }
    }

    private static boolean isRepeated(final DirectBuffer block, final int entry) {
        final int length = BucketBlock.keyLength(block, entry);
        for (int other = BucketBlock.ENTRIES_OFFSET; other < entry; other += BucketBlock.entryBytes(block, other)) {
            if (BucketBlock.keyLength(block, other) == length
                    && Bytes.equal(block, BucketBlock.keyIndex(other), block, BucketBlock.keyIndex(entry), length)) {
                return true;
            }
        }
        return false;
    }

    private void traceValue(
            final Visitor visitor, final DirectBuffer block, final int entry, final long hash, final long blockOffset) {
        final long at = blockOffset + BucketBlock.valueIndex(block, entry);
        final long ref = BucketBlock.indirectRef(block, entry);
        final long length = BucketBlock.indirectWord(block, entry);
        if (!ValueBlock.isPossible(probe.geometry(), ref, length)) {
            visitor.damage(at, "an entry says that its value of " + length + " bytes is at an impossible place");
            return;
        }
        final int bytes = BlockDescriptor.HEADER_BYTES + (int) length;
        final String wrong =
                values.read(BlockRef.pointer(ref), BlockDescriptor.VALUE, hash & LinkWord.VALUE_MASK, bytes);
        if (wrong != null) {
            visitor.damage(at, wrong);
        } else if (!ValueBlock.isRight(values.block(), 0, bytes, probe.structure(), hash, ref)) {
            visitor.damage(at, "the value block at offset " + BlockRef.offset(ref) + " is of another life or length");
        } else {
            visitor.block(ref, at);
        }
    }

    private void traceComposite(
            final Visitor visitor, final UnsafeBuffer block, final int entry, final long hash, final long blockOffset) {
        final long at = blockOffset + BucketBlock.valueIndex(block, entry);
        final String wrong = readList(block, entry, hash);
        if (wrong != null) {
            visitor.damage(at, wrong);
            return;
        }
        final long ref = BucketBlock.indirectRef(block, entry);
        visitor.block(ref, at);
        final UnsafeBuffer list = values.block();
        long left = ChunksDescriptor.bytes(list);
        for (int i = 0; i < ChunksDescriptor.count(list); i++) {
            final long chunk = ChunksDescriptor.ref(list, i);
            final int bytes = (int) Math.min(ChunksDescriptor.capacity(chunk), left);
            traceChunk(visitor, chunk, bytes, hash, BlockRef.offset(ref) + ChunksDescriptor.REFS_OFFSET + 8L * i);
            left -= bytes;
        }
    }

    private void traceChunk(
            final Visitor visitor, final long chunk, final int bytes, final long hash, final long linkOffset) {
        final int length = BlockDescriptor.HEADER_BYTES + bytes;
        final String wrong =
                chunks.read(BlockRef.pointer(chunk), BlockDescriptor.CHUNK, hash & LinkWord.VALUE_MASK, length);
        if (wrong != null) {
            visitor.damage(linkOffset, wrong);
        } else if (chunks.length() != length || chunks.ref(BlockRef.pointer(chunk)) != chunk) {
            visitor.damage(
                    linkOffset,
                    "the chunk block at offset " + BlockRef.offset(chunk) + " is of another life or length");
        } else {
            visitor.block(chunk, linkOffset);
        }
    }

    // ---- sizes

    @Override
    public long tracedElements() {
        return entries;
    }

    @Override
    public long claimedElements() {
        long sum = 0;
        for (int i = 0; i < layout.stripeWords(); i++) {
            final long word = probe.word(root + MapLayout.STRIPES_OFFSET + 8L * i);
            sum += Commit.stripeCount(word);
        }
        return sum;
    }
}
