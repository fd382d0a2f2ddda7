package io.rallocator.allocator;

import io.rallocator.persistence.RallocatorException;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * An ordered list of verbs that is posted at once and costs one round trip. Reused: adding the first verb after
 * {@link #post} begins a new chain; the results of the old one stay readable until then.
 *
 * <p>Threads: one at a time, the owner of the lane.
 */
public final class Chain {
    /** A kind of verb, for fabrics. */
    public static final byte READ = 0;
    /** A kind of verb, for fabrics. */
    public static final byte WRITE = 1;
    /** A kind of verb, for fabrics. */
    public static final byte FETCH_AND_ADD = 2;
    /** A kind of verb, for fabrics. */
    public static final byte COMPARE_AND_SWAP = 3;
    /** A kind of verb, for fabrics. */
    public static final byte PERSIST = 4;
    /** A kind of verb, for fabrics. */
    public static final byte READ_LINKS = 5;
    /** A kind of verb, for fabrics. */
    public static final byte SWAP_LINK = 6;

    /** Verbs that one chain can have. */
    public static final int MAX_VERBS = 256;

    private static final int KEPT_BYTES = 64 << 10;

    private final QueuePair queuePair;
    private final byte[] kinds = new byte[MAX_VERBS];
    private final long[] offsets = new long[MAX_VERBS];
    private final int[] lengths = new int[MAX_VERBS];
    private final int[] indexes = new int[MAX_VERBS];
    private final long[] operands = new long[MAX_VERBS];
    private final long[] replacements = new long[MAX_VERBS];

    /** What READs and WRITEs of more than a word read into and write from; of other verbs, what was there before. */
    private final DirectBuffer[] buffers = new DirectBuffer[MAX_VERBS];

    /** The verb reads or writes a word that is kept here. */
    private final boolean[] isWord = new boolean[MAX_VERBS];

    private final UnsafeBuffer words = new UnsafeBuffer(new byte[8 * MAX_VERBS]);
    private final UnaryOperator<RallocatorException> failures;
    private int count;
    private int firstUnpersisted;
    private boolean posted;

    /** One of the buffers is so large that it must not be kept from the garbage collector. */
    private boolean refersToLarge;

    /**
     * Makes an empty chain.
     *
     * @param queuePair that executes it
     */
    public Chain(final QueuePair queuePair) {
        this(queuePair, failure -> failure);
    }

    /**
     * Makes an empty chain of an operation that may have taken effect when a later chain of it fails.
     *
     * @param failures says what is thrown instead of what the queue pair threw
     */
    Chain(final QueuePair queuePair, final UnaryOperator<RallocatorException> failures) {
        this.queuePair = queuePair;
        this.failures = failures;
    }

    /**
     * Adds a READ.
     *
     * @param offset in the region
     * @param target where to, filled when {@link #post} returns
     * @param index in the target
     * @param length bytes
     * @return this
     */
    public Chain read(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        add(READ, offset, index, length, target);
        return this;
    }

    /**
     * Adds a READ of one word.
     *
     * @param offset aligned to 8
     * @return the verb's number, for {@link #result}
     */
    public int readWord(final long offset) {
        return addWord(READ, offset, Long.BYTES);
    }

    /**
     * Adds a READ of one link word: see {@link io.rallocator.persistence.Links}.
     *
     * @param offset aligned to 8
     * @return the verb's number: {@link #result} is durable
     */
    public int readLink(final long offset) {
        return addWord(READ_LINKS, offset, Long.BYTES);
    }

    /**
     * Adds a READ of link words that follow one another: see {@link io.rallocator.persistence.Links}.
     *
     * @param offset of the first, aligned to 8
     * @param target where to, filled with durable words when {@link #post} returns
     * @param index in the target
     * @param length bytes, a multiple of 8
     * @return this
     */
    public Chain readLinks(final long offset, final UnsafeBuffer target, final int index, final int length) {
        add(READ_LINKS, offset, index, length, target);
        return this;
    }

    /**
     * Adds a COMPARE_AND_SWAP of a link word, which the next {@link #persist} of the chain makes durable: see
     * {@link io.rallocator.persistence.Links}.
     *
     * @param offset aligned to 8
     * @param expected the value that the word must have
     * @param replacement the new value
     * @return the verb's number: {@link #result} is the word before, equal to {@code expected} exactly on success
     */
    public int swapLink(final long offset, final long expected, final long replacement) {
        final int verb = compareAndSwap(offset, expected, replacement);
        kinds[verb] = SWAP_LINK;
        return verb;
    }

    /**
     * Adds a WRITE.
     *
     * @param offset in the region
     * @param source where from; must stay as it is until {@link #post} returns
     * @param index in the source
     * @param length bytes
     * @return this
     */
    public Chain write(final long offset, final DirectBuffer source, final int index, final int length) {
        add(WRITE, offset, index, length, source);
        return this;
    }

    /**
     * Adds a WRITE of one word.
     *
     * @param offset aligned to 8
     * @param value the word
     * @return this
     */
    public Chain writeWord(final long offset, final long value) {
        words.putLong(8 * addWord(WRITE, offset, Long.BYTES), value);
        return this;
    }

    /**
     * Adds a WRITE of one byte.
     *
     * @param offset in the region
     * @param value the byte
     * @return this
     */
    public Chain writeByte(final long offset, final byte value) {
        words.putByte(8 * addWord(WRITE, offset, 1), value);
        return this;
    }

    /**
     * Adds a FETCH_AND_ADD.
     *
     * @param offset aligned to 8
     * @param delta what to add
     * @return the verb's number: {@link #result} is the word before
     */
    public int fetchAndAdd(final long offset, final long delta) {
        final int verb = add(FETCH_AND_ADD, offset, 0, Long.BYTES);
        operands[verb] = delta;
        return verb;
    }

    /**
     * Adds a COMPARE_AND_SWAP.
     *
     * @param offset aligned to 8
     * @param expected the value that the word must have
     * @param replacement the new value
     * @return the verb's number: {@link #result} is the word before, equal to {@code expected} exactly on success
     */
    public int compareAndSwap(final long offset, final long expected, final long replacement) {
        final int verb = add(COMPARE_AND_SWAP, offset, 0, Long.BYTES);
        operands[verb] = expected;
        replacements[verb] = replacement;
        return verb;
    }

    /**
     * Adds a PERSIST of everything that verbs of this chain changed since the last PERSIST.
     *
     * @return this
     */
    public Chain persist() {
        final int from = begin() == 0 ? 0 : firstUnpersisted;
        final int verb = add(PERSIST, 0, from, 0);
        firstUnpersisted = verb + 1;
        return this;
    }

    /**
     * Executes the chain: one round trip.
     *
     * @param operation under which the cost is counted
     */
    public void post(final Operation operation) {
        begin();
        posted = true;
        if (count > 0) {
            execute(operation);
        }
    }

    private void execute(final Operation operation) {
        try {
            queuePair.execute(this, operation);
        } catch (final RallocatorException e) {
            throw failures.apply(e);
        }
    }

    /**
     * The word that a READ of a word, a FETCH_AND_ADD or a swap found.
     *
     * @param verb its number
     * @return the word
     */
    public long result(final int verb) {
        assert posted : "the chain was not posted";
        return words.getLong(8 * verb);
    }

    /**
     * Verbs added so far.
     *
     * @return count
     */
    public int size() {
        return posted ? 0 : count;
    }

    /** Forgets verbs that were added and never posted: their operation failed half way. */
    void clear() {
        posted = true;
    }

    private int begin() {
        if (posted) {
            posted = false;
            count = 0;
            firstUnpersisted = 0;
            if (refersToLarge) {
                refersToLarge = false;
                Arrays.fill(buffers, null);
            }
        }
        return count;
    }

    private int add(final byte kind, final long offset, final int index, final int length) {
        final int verb = begin();
        if (verb == MAX_VERBS) {
            throw new IllegalStateException("a chain has at most " + MAX_VERBS + " verbs");
        }
        kinds[verb] = kind;
        offsets[verb] = offset;
        indexes[verb] = index;
        lengths[verb] = length;
        isWord[verb] = false;
        count = verb + 1;
        return verb;
    }

    private int addWord(final byte kind, final long offset, final int length) {
        final int verb = add(kind, offset, 8 * begin(), length);
        isWord[verb] = true;
        return verb;
    }

    /** A reference that is there already is not stored again: a collector may need a fence for that, which costs more than the rest. */
    private void add(final byte kind, final long offset, final int index, final int length, final DirectBuffer buffer) {
        final int verb = add(kind, offset, index, length);
        if (buffers[verb] != buffer) {
            buffers[verb] = buffer;
        }
        refersToLarge |= buffer.capacity() > KEPT_BYTES;
    }

    // ---- for fabrics

    /**
     * Verbs to be executed.
     *
     * @return count
     */
    public int count() {
        return count;
    }

    /**
     * What a verb does.
     *
     * @param verb its number
     * @return {@link #READ} …
     */
    public byte kind(final int verb) {
        return kinds[verb];
    }

    /**
     * Where in the region.
     *
     * @param verb its number
     * @return the first byte
     */
    public long offset(final int verb) {
        return offsets[verb];
    }

    /**
     * How much of the region.
     *
     * @param verb its number
     * @return bytes; 0 for a PERSIST
     */
    public int length(final int verb) {
        return lengths[verb];
    }

    /**
     * Where in {@link #source} or {@link #target}.
     *
     * @param verb its number
     * @return the first byte
     */
    public int index(final int verb) {
        return indexes[verb];
    }

    /**
     * What a WRITE writes.
     *
     * @param verb its number
     * @return the buffer
     */
    public DirectBuffer source(final int verb) {
        return isWord[verb] ? words : buffers[verb];
    }

    /**
     * What a READ fills.
     *
     * @param verb its number
     * @return the buffer
     */
    public MutableDirectBuffer target(final int verb) {
        return isWord[verb] ? words : (MutableDirectBuffer) buffers[verb];
    }

    UnsafeBuffer links(final int verb) {
        return (UnsafeBuffer) buffers[verb];
    }

    /** True if the chain keeps the word that the verb reads or writes. */
    boolean isWord(final int verb) {
        return isWord[verb];
    }

    /**
     * What a FETCH_AND_ADD adds, or a swap expects.
     *
     * @param verb its number
     * @return the word
     */
    public long operand(final int verb) {
        return operands[verb];
    }

    /**
     * What a swap puts in.
     *
     * @param verb its number
     * @return the word
     */
    public long replacement(final int verb) {
        return replacements[verb];
    }

    /** First verb that the PERSIST at {@code verb} covers. */
    int persistFrom(final int verb) {
        return indexes[verb];
    }

    /**
     * Keeps what a FETCH_AND_ADD or a swap found.
     *
     * @param verb its number
     * @param word the word before
     */
    public void result(final int verb, final long word) {
        words.putLong(8 * verb, word);
    }
}
