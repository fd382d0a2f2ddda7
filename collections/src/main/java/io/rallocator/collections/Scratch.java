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
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

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

    /** Where the other end of the queue is. */
    final Position otherEnd = new Position();

    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private boolean busy;
    private Scratch inner;

    private Scratch() {}

    /**
     * The thread's free scratch. Leave it with {@link #exit}.
     *
     * @return scratch that no operation uses
     */
    static Scratch enter() {
        Scratch scratch = OF_THREAD.get();
        while (scratch.busy) {
            if (scratch.inner == null) {
                scratch.inner = new Scratch();
            }
            scratch = scratch.inner;
        }
        scratch.busy = true;
        scratch.found = false;
        return scratch;
    }

    void exit() {
        busy = false;
        view.wrap(0, 0); // whoever kept it reads nothing of the next operation
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
        bucket.trim(KEPT_BYTES);
    }

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
     * @param where names the structure and the kind of place, for the message
     * @param place of the entry: a hash or a slot's offset
     * @return the object
     * @throws io.rallocator.persistence.RallocatorException if the codec fails
     */
    <T> T decode(final Codec<T> codec, final String where, final long place) {
        return Decoding.decode(codec, view, result.buffer(), resultIndex, resultLength, where, place);
    }
}
