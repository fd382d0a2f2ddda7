package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What one operation of one thread works on outside the pool: encoded key and value, the bytes that were found. Kept
 * per thread and reused; an operation that begins inside another one (a codec that uses a map) gets its own.
 */
final class Scratch {
    /** Where an encoded value begins: the header of its own block goes before it. */
    static final int VALUE_INDEX = BlockDescriptor.HEADER_BYTES;

    private static final int KEPT_BYTES = 1 << 20;
    private static final int MOST_NESTED = 500;
    private static final int KEPT_NESTED = 8;
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(() -> new Scratch(null));

    /** The encoded key, from 0. */
    ExpandableArrayBuffer key = new ExpandableArrayBuffer(128);

    int keyLength;
    long hash;

    /** The encoded value, from {@link #VALUE_INDEX}. */
    ExpandableArrayBuffer value = new ExpandableArrayBuffer(256);

    int valueLength;

    /** The encoded value that an entry must have for a change to happen, from 0. */
    ExpandableArrayBuffer expected = new ExpandableArrayBuffer(128);

    int expectedLength;

    private long expectedRef;
    private long expectedEpoch;

    /** What was found. */
    final GrowingBuffer result = new GrowingBuffer();

    int resultIndex;
    int resultLength;
    boolean found;

    private long resultRef;
    private long resultEpoch;

    /** When what was found expires. */
    long expiry;

    /** The bucket that a map operation looks at. */
    final Bucket bucket = new Bucket();

    /** What a map operation is about to change. */
    final Change change = new Change();

    /** The bucket that a growing map splits, and its halves. */
    final Bucket splitting = new Bucket();

    final Division division = new Division();

    /** A bucket as a map operation is about to write it with many changes. */
    final BucketImage image = new BucketImage();

    /** Where a queue operation is. */
    final Position position = new Position();

    /** What a queue operation adds. */
    final OfferedBatch offered = new OfferedBatch();

    /** What a queue operation took at once. */
    final Run run = new Run();

    /** What a queue operation leases, as a block. */
    final GrowingBuffer lease = new GrowingBuffer();

    /** Where the other end of the queue is. */
    final Position otherEnd = new Position();

    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    /** The scratch of the operation whose codec or function runs this one; null if there is none. */
    private final Scratch outer;

    private final int depth;
    private boolean busy;
    private Scratch inner;

    /** The map in which a function is computing the key's value, or null. */
    private MapTable computed;

    private Scratch(final Scratch outer) {
        this.outer = outer;
        this.depth = outer == null ? 0 : outer.depth + 1;
    }

    /**
     * The thread's free scratch. Leave it with {@link #exit}.
     *
     * @return scratch that no operation uses
     * @throws IllegalStateException if operations are called by one another's codecs or functions without end
     */
    static Scratch enter() {
        Scratch scratch = OF_THREAD.get();
        while (scratch.busy) {
            if (scratch.inner == null) {
                scratch.inner = deeper(scratch);
            }
            scratch = scratch.inner;
        }
        scratch.busy = true;
        scratch.computed = null;
        scratch.found = false;
        return scratch;
    }

    /** An endless recursion ends here, and not where the stack does: in the middle of whatever is under way then. */
    private static Scratch deeper(final Scratch scratch) {
        if (scratch.depth == MOST_NESTED) {
            throw new IllegalStateException("codecs or functions of " + MOST_NESTED
                    + " operations have called one another: they recurse without end; compute what they need first");
        }
        return new Scratch(scratch);
    }

    void exit() {
        busy = false;
        computed = null;
        if (depth == KEPT_NESTED) {
            inner = null;
        }
        if (key.capacity() > KEPT_BYTES) {
            key = new ExpandableArrayBuffer(128);
        }
        if (value.capacity() > KEPT_BYTES) {
            value = new ExpandableArrayBuffer(256);
        }
        if (expected.capacity() > KEPT_BYTES) {
            expected = new ExpandableArrayBuffer(128);
        }
        offered.trim(KEPT_BYTES);
        result.trim(KEPT_BYTES);
        view.wrap(
                result.buffer(),
                0,
                0); // whoever kept it reads nothing of the next operation; where it is: see Chain.add
        bucket.trim(KEPT_BYTES);
    }

    // ---- functions that call the map

    /** From here on until {@link #exit}, a function may be called for the scratch's key, again whenever its value changes. */
    void beginToCompute(final MapTable table) {
        requireNotComputed(table);
        computed = table;
    }

    /**
     * Makes sure that no function that runs in this thread is computing the value of the scratch's key: it would be called
     * again because of its own change, and so for ever.
     *
     * @param table of the map
     * @throws IllegalStateException if one is
     */
    void requireNotComputed(final MapTable table) {
        requireNotComputed(table, key, 0, keyLength, hash);
    }

    /** As above, for each key of a batch. */
    void requireNotComputed(final MapTable table, final ScanBatch keys) {
        if (outer == null) {
            return;
        }
        for (int i = 0; i < keys.count(); i++) {
            requireNotComputed(table, keys.buffer(), keys.keyIndex(i), keys.keyLength(i), keys.hash(i));
        }
    }

    private void requireNotComputed(
            final MapTable table, final DirectBuffer buffer, final int index, final int length, final long keyHash) {
        for (Scratch scratch = outer; scratch != null; scratch = scratch.outer) {
            if (scratch.computed == table
                    && scratch.hash == keyHash
                    && scratch.keyLength == length
                    && Bytes.equal(buffer, index, scratch.key, 0, length)) {
                throw new IllegalStateException(
                        "recursive update of map '"
                                + table.root().name() + "', key hash 0x" + Long.toHexString(keyHash)
                                + ": a function that computes a key's value cannot change the same key; return the value instead");
            }
        }
    }

    // ---- encoding

    <K> void encodeKey(final Codec<K> codec, final K object) {
        keyLength = encode(codec, object, key, 0);
        hash = Bytes.hash(key, 0, keyLength);
    }

    void copyKey(final DirectBuffer source, final int index, final int length) {
        keyLength = length;
        key.putBytes(0, source, index, length);
        hash = Bytes.hash(key, 0, length);
    }

    void copyValue(final DirectBuffer source, final int index, final int length) {
        valueLength = length;
        value.putBytes(VALUE_INDEX, source, index, length);
    }

    <V> void encodeValue(final Codec<V> codec, final V object) {
        valueLength = encode(codec, object, value, VALUE_INDEX);
    }

    /** Zeroed room for a value that is not encoded by a codec: a view of exactly that. */
    MutableDirectBuffer reserveValue(final int length) {
        value.checkLimit(VALUE_INDEX + length);
        value.setMemory(VALUE_INDEX, length, (byte) 0);
        valueLength = length;
        view.wrap(value.byteArray(), VALUE_INDEX, length);
        return view;
    }

    /** Whoever kept the room for the value writes nothing into it any more. */
    void hideValue() {
        view.wrap(0, 0);
    }

    /**
     * Says where in the result what was found is.
     *
     * @param index of the first byte
     * @param length bytes
     * @param ref block or list of chunks that it was read from, 0 if it was in the bucket
     * @param epoch in which that was
     */
    void setResult(final int index, final int length, final long ref, final long epoch) {
        resultIndex = index;
        resultLength = length;
        resultRef = ref;
        resultEpoch = epoch;
    }

    /** A view of exactly what was found. */
    DirectBuffer viewResult() {
        view.wrap(result.buffer(), resultIndex, resultLength);
        return view;
    }

    <V> void encodeExpected(final Codec<V> codec, final V object) {
        expectedLength = encode(codec, object, expected, 0);
        expectedRef = 0;
    }

    void copyExpected(final DirectBuffer source, final int index, final int length) {
        expectedLength = length;
        expectedRef = 0;
        expected.putBytes(0, source, index, length);
    }

    /** What was found becomes what a change expects. */
    void expectResult() {
        expectedLength = resultLength;
        expectedRef = resultRef;
        expectedEpoch = resultEpoch;
        expected.putBytes(0, result.buffer(), resultIndex, resultLength);
    }

    /** Tells whether the expected value is known to be what a block has: it was read from there, in this epoch. */
    boolean isExpectedRef(final long ref, final long epoch) {
        return ref == expectedRef && epoch == expectedEpoch;
    }

    /** Tells whether what was found is the expected value. */
    boolean isResultExpected() {
        return resultLength == expectedLength && Bytes.equal(result.buffer(), resultIndex, expected, 0, expectedLength);
    }

    /** Tells whether the encoded value is the one that a change expects. */
    boolean isValueExpected() {
        return valueLength == expectedLength && Bytes.equal(value, VALUE_INDEX, expected, 0, valueLength);
    }

    private static <T> int encode(
            final Codec<T> codec, final T object, final ExpandableArrayBuffer target, final int index) {
        final int length = codec.encode(object, target, index);
        if (length < 0 || length > target.capacity() - index) {
            throw new IllegalStateException(
                    "codec " + codec.id() + " says that it wrote " + length + " bytes, but the buffer has "
                            + (target.capacity() - index) + "; encode must return what it wrote");
        }
        return length;
    }

    /**
     * Decodes what was found.
     *
     * @param codec of the value or element
     * @param places of the structure
     * @param number of the entry: a hash, an index or a slot's offset
     * @param gone true if the operation has removed or replaced it
     * @return the object
     * @throws UnreadableElementException if the codec fails
     */
    <T> T decode(final Codec<T> codec, final ElementPlaces places, final long number, final boolean gone) {
        return Decoding.decode(codec, view, result.buffer(), resultIndex, resultLength, places, number, gone);
    }
}
