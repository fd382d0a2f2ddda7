package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.SizeClasses;
import java.util.ArrayList;
import java.util.List;

/** Takes all memory of a pool, down to the smallest blocks, and gives it back piece by piece. */
final class Ballast {
    private static final int PIECES = 16_384;

    private final int largest;
    private final RemoteArray<byte[]> pieces;

    /** The largest first. */
    private final List<Integer> held = new ArrayList<>();

    private int next;

    /** Makes the ballast's own structure; it takes no memory later but for the pieces. */
    Ballast(final RemoteHeap heap) {
        largest = SizeClasses.indexFor(heap.geometry().maxBlockBytes());
        pieces = heap.array("ballast", Codecs.bytes(), PIECES);
        for (int i = 0; i < PIECES; i += 64) {
            pieces.set(i, new byte[1]);
            pieces.set(i, null);
        }
    }

    /** Until there is no block of any class. */
    void fill() {
        for (int blockClass = largest; blockClass >= 0; blockClass--) {
            final byte[] piece = new byte[SizeClasses.bytes(blockClass) - BlockDescriptor.HEADER_BYTES];
            boolean hasRoom = true;
            while (hasRoom) {
                hasRoom = add(piece);
            }
        }
    }

    private boolean add(final byte[] piece) {
        try {
            pieces.set(next, piece);
            held.add(next++);
            return true;
        } catch (final OutOfRemoteMemoryException e) {
            return false;
        }
    }

    boolean isEmpty() {
        return held.isEmpty();
    }

    /** Gives the smallest pieces back: at least one, and so many bytes if there are. */
    void release(final long bytes) {
        long released = 0;
        do {
            released += release(held.size() - 1);
        } while (released < bytes && !held.isEmpty());
    }

    /** Gives a piece of the class back that holds a block of so many bytes. */
    void releaseBlock(final int bytes) {
        final int payload = SizeClasses.bytes(SizeClasses.indexFor(bytes)) - BlockDescriptor.HEADER_BYTES;
        int at = held.size() - 1;
        while (pieces.get(held.get(at)).length < payload) {
            at--;
        }
        release(at);
    }

    private int release(final int at) {
        final int piece = held.remove(at);
        return pieces.set(piece, null).length;
    }
}
