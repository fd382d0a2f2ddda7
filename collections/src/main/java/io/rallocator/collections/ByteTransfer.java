package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import java.util.Objects;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Copies ranges of an array's bytes, in as few chains as the limits of a chain and of the lane's buffers allow. A word that
 * is aligned in the array is so in the buffer, and moved as a whole if it is copied as a whole.
 *
 * <p>Threads: any; each call makes a transfer of its own.
 */
final class ByteTransfer {
    private static final int CHAIN_PIECES = 128;
    private static final int CHAIN_BYTES = 1 << 20;

    /** A piece that is written can begin and end within words: these parts have verbs of their own. */
    private static final int VERBS_OF_A_PIECE = 3;

    /** So many bytes in so few ranges are transferred in one chain, under one lane: all, or nothing of them is refused. */
    static final int ONE_CHAIN_BYTES = CHAIN_BYTES / 2;

    static final int ONE_CHAIN_RANGES = CHAIN_PIECES / VERBS_OF_A_PIECE / 2;

    private final ArrayTable table;
    private final Operation operation;
    private final Ranges ranges;
    private final boolean writes;

    /** False if what is written is all zeros: then what does not exist need not come into being. */
    private final boolean creates;

    private final Local local;

    /** Where in the pool the pieces of the next chain are, 0 where nothing exists. */
    private final long[] offsets;

    /** Where in the lane's buffer. */
    private final int[] places;

    private final int[] lengths;
    private int pieces;
    private int used;

    /** Where the next piece begins. */
    private int range;

    private int inRange;

    /** How much of the local bytes was copied by earlier chains. */
    private long copied;

    /** The caller's bytes. */
    interface Local {
        /**
         * Copies between the caller's bytes and a lane's buffer. Must not call the application's code.
         *
         * @param buffer of the lane
         * @param at index in it
         * @param position of the first of the caller's bytes, from 0
         * @param length bytes
         */
        void copy(UnsafeBuffer buffer, int at, long position, int length);
    }

    private ByteTransfer(
            final ArrayTable table,
            final Operation operation,
            final Ranges ranges,
            final boolean writes,
            final boolean creates,
            final Local local) {
        this.table = table;
        this.operation = operation;
        this.ranges = ranges;
        this.writes = writes;
        this.creates = creates;
        this.local = local;
        final int most = writes ? CHAIN_PIECES / VERBS_OF_A_PIECE : CHAIN_PIECES;
        offsets = new long[most];
        places = new int[most];
        lengths = new int[most];
    }

    /**
     * Reads ranges.
     *
     * @param table of the array
     * @param operation under which the cost is counted
     * @param ranges in the array
     * @param target takes the bytes
     */
    static void read(final ArrayTable table, final Operation operation, final Ranges ranges, final Local target) {
        new ByteTransfer(table, operation, ranges, false, false, target).run();
    }

    /**
     * Writes ranges, in their order.
     *
     * @param table of the array
     * @param operation under which the cost is counted
     * @param ranges in the array
     * @param creates false if all bytes are 0
     * @param source has the bytes
     * @throws OutOfRemoteMemoryException if there is no room for an extent; what came before it is written
     */
    static void write(
            final ArrayTable table,
            final Operation operation,
            final Ranges ranges,
            final boolean creates,
            final Local source) {
        new ByteTransfer(table, operation, ranges, true, creates, source).run();
    }

    private void run() {
        while (range < ranges.count()) {
            for (int attempt = 0; !runChain(attempt); attempt++) {}
        }
    }

    /** Copies as much as one chain can; false if memory had to be waited for. */
    private boolean runChain(final int attempt) {
        final OutOfRemoteMemoryException exhausted;
        final int fromRange = range;
        final int fromInRange = inRange;
        final Lane lane = table.acquire();
        try {
            collect(lane);
            if (writes) {
                write(lane);
            } else {
                read(lane);
            }
            return true;
        } catch (final OutOfRemoteMemoryException e) {
            exhausted = e;
        } finally {
            table.release(lane);
        }
        range = fromRange;
        inRange = fromInRange;
        table.session().awaitReclamation(exhausted, attempt);
        return false;
    }

    /** Finds out where the next pieces are: addresses that are not known yet cost chains, so this comes first. */
    private void collect(final Lane lane) {
        pieces = 0;
        used = 0;
        while (range < ranges.count() && pieces < offsets.length && used < CHAIN_BYTES) {
            final long at = ranges.index(range) + inRange;
            final int left = ranges.length(range) - inRange;
            int length = 0;
            if (left > 0) {
                Objects.checkFromIndexSize(at, left, table.layout().bytes()); // again: the caller may have changed them
                final int room = CHAIN_BYTES - used - (int) (at & 7);
                length = (int) Math.min(Math.min(left, room), table.pieceEnd(at) - at);
                addPiece(lane, at, length);
            }
            if (length >= left) {
                range++;
                inRange = 0;
            } else {
                inRange += length;
            }
        }
    }

    private void addPiece(final Lane lane, final long at, final int length) {
        final int inWord = (int) (at & 7);
        offsets[pieces] = creates ? table.ensure(lane, at) : table.find(lane, at);
        places[pieces] = used + inWord;
        lengths[pieces] = length;
        pieces++;
        used = wordEnd(used + inWord + length);
    }

    private static int wordEnd(final int at) {
        return at + 7 & -8;
    }

    private void read(final Lane lane) {
        final UnsafeBuffer buffer = lane.readBuffer(used);
        final Chain chain = lane.chain();
        for (int i = 0; i < pieces; i++) {
            final int inWord = places[i] & 7;
            final int from = places[i] - inWord;
            final int bytes = wordEnd(places[i] + lengths[i]) - from;
            if (offsets[i] == 0) {
                buffer.setMemory(from, bytes, (byte) 0);
            } else {
                chain.read(offsets[i] - inWord, buffer, from, bytes);
            }
        }
        if (chain.size() > 0) {
            chain.post(operation);
        }
        copy(buffer);
    }

    private void write(final Lane lane) {
        final UnsafeBuffer buffer = lane.writeBuffer(used);
        copy(buffer);
        final Chain chain = lane.chain();
        for (int i = 0; i < pieces; i++) {
            if (offsets[i] != 0) {
                addWrites(chain, buffer, i);
            }
        }
        if (chain.size() > 0) {
            chain.persist().post(operation);
        }
    }

    /** The words that are written as a whole have a verb of their own, in which each of them is atomic. */
    private void addWrites(final Chain chain, final UnsafeBuffer buffer, final int piece) {
        final int from = places[piece];
        final int to = from + lengths[piece];
        final int firstWord = Math.min(to, wordEnd(from));
        final int lastWord = Math.max(firstWord, to & -8);
        addWrite(chain, buffer, piece, from, firstWord);
        addWrite(chain, buffer, piece, firstWord, lastWord);
        addWrite(chain, buffer, piece, lastWord, to);
    }

    private void addWrite(final Chain chain, final UnsafeBuffer buffer, final int piece, final int from, final int to) {
        if (from < to) {
            chain.write(offsets[piece] + from - places[piece], buffer, from, to - from);
        }
    }

    private void copy(final UnsafeBuffer buffer) {
        for (int i = 0; i < pieces; i++) {
            local.copy(buffer, places[i], copied, lengths[i]);
            copied += lengths[i];
        }
    }
}
