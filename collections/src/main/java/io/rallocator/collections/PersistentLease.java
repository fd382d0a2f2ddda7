package io.rallocator.collections;

import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.SessionFencedException;
import io.rallocator.persistence.StructureDroppedException;
import org.agrona.concurrent.UnsafeBuffer;

/** A lease with the encoded element. One call at a time ends it. */
final class PersistentLease<E> implements Lease<E> {
    private final QueueStore store;
    private final Codec<E> codec;
    private final LeaseToken token;
    private final byte[] bytes;
    private E element;
    private boolean ended;

    PersistentLease(final QueueStore store, final Codec<E> codec, final LeaseToken token, final byte[] bytes) {
        this.store = store;
        this.codec = codec;
        this.token = token;
        this.bytes = bytes;
    }

    @Override
    public synchronized E element() {
        if (element == null) {
            final UnsafeBuffer encoded = new UnsafeBuffer(bytes);
            element = Decoding.decode(
                    codec, new UnsafeBuffer(0, 0), encoded, 0, bytes.length, token.table(), token.wordOffset());
        }
        return element;
    }

    @Override
    public int deliveryCount() {
        return token.deliveries();
    }

    @Override
    public synchronized boolean acknowledge() {
        if (ended) {
            return false;
        }
        final boolean acknowledged = store.acknowledge(token);
        ended = true;
        return acknowledged;
    }

    @Override
    public synchronized boolean release() {
        if (ended) {
            return false;
        }
        final Scratch scratch = Scratch.enter();
        try {
            final boolean released = store.release(scratch, token, bytes);
            ended = true;
            return released;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public void close() {
        try {
            release();
        } catch (final HeapClosedException | SessionFencedException | StructureDroppedException e) {
            ended(); // the end of the session has released it, or it is gone with the queue
        }
    }

    private synchronized void ended() {
        ended = true;
    }

    @Override
    public String toString() {
        return "lease of an element of queue '" + token.table().root().name() + "', delivery " + token.deliveries();
    }
}
