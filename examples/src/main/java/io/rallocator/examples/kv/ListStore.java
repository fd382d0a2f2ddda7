package io.rallocator.examples.kv;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The lists. A list key is two things in the pool: a <i>marker</i> in the map, which says that the key is a list and
 * when it expires, and a persistent queue (see {@link ListNames}) with the elements. <b>A list exists if and only if
 * its marker is there, has not expired, and its queue is not empty.</b> So the one map decides a key's type, and a
 * crash between two steps leaves either a marker without elements or elements without a marker; both are no list.
 *
 * <h2>What is atomic</h2>
 *
 * <p>A queue and a map cannot be changed together in one CAS. What needs both goes through a lock per key, which all
 * servers of the pool share ({@link KeyLocks}; never two at a time). It is held for a few operations of some round
 * trips each, except that deleting a list takes out its elements one by one, as Redis does:
 * <ul>
 * <li>LPUSH with all its values, RPOP with its count, LLEN and DEL of one list are atomic against each other;
 * <li>SET and everything else that turns a list into a string takes no lock: replacing the marker is one CAS in the
 *     map, and the list is gone at that moment. An LPUSH or RPOP of that list under way at that moment counts as
 *     having happened just before. What it left in the queue is garbage without a marker;
 * <li>garbage is drained by whoever replaced the marker and, if that one died first, by the next LPUSH, under the
 *     lock and before the new marker is there. So nothing of a deleted or overwritten list ever comes back;
 * <li>an LPUSH that loses against a SET of the same absent key answers WRONGTYPE and has pushed nothing.
 * </ul>
 *
 * <p>Not atomic: an LPUSH of several values cut short by a crash or by an exhausted pool may have pushed some of them,
 * an RPOP whose server dies before the reply is out may have taken its elements, and FLUSHALL goes key by key.
 *
 * <p>The pool never forgets a queue's name, and holds 4,096 structures: that many different list keys can ever have
 * been used. A key used again takes its old queue again.
 */
final class ListStore {

    private final RemoteHeap heap;
    private final RemoteMap<byte[], byte[]> map;
    private final KeyLocks locks;
    private final ConcurrentMap<String, RemoteQueue<byte[]>> queues = new ConcurrentHashMap<>();

    ListStore(RemoteHeap heap, RemoteMap<byte[], byte[]> map) {
        this.heap = heap;
        this.map = map;
        this.locks = new KeyLocks(heap);
    }

    /**
     * Appends elements, creating the list if there is none.
     *
     * @return the list's length afterwards
     * @throws CommandException if the key is a string, or too long for a list
     */
    long push(byte[] key, List<byte[]> elements, long nowMs) {
        KeyLocks.Held held = locks.lock(key);
        try {
            RemoteQueue<byte[]> queue;
            if (liveMarker(key, nowMs) == null) {
                queue = queue(key);
                queue.clear();
                createMarker(key, nowMs);
            } else {
                queue = queue(key);
            }
            try {
                queue.addAll(elements);
            } catch (RuntimeException e) {
                removeMarkerOfEmpty(key, queue, e);
                throw e;
            }
            return queue.sizeLong();
        } finally {
            held.release();
        }
    }

    /**
     * Takes elements from the head.
     *
     * @return up to {@code count} of them, or null if there is no such list
     * @throws CommandException if the key is a string
     */
    List<byte[]> pop(byte[] key, long count, long nowMs) {
        KeyLocks.Held held = locks.lock(key);
        try {
            if (liveMarker(key, nowMs) == null) {
                return null;
            }
            RemoteQueue<byte[]> queue = queue(key);
            List<byte[]> taken = new ArrayList<>();
            byte[] element;
            while (taken.size() < count && (element = queue.poll()) != null) {
                taken.add(element);
            }
            boolean emptyNow = queue.isEmpty();
            if (emptyNow) {
                removeMarker(key);
            }
            return emptyNow && taken.isEmpty() ? null : taken;
        } finally {
            held.release();
        }
    }

    /**
     * The number of elements, 0 if there is no such list.
     *
     * @throws CommandException if the key is a string
     */
    long length(byte[] key, long nowMs) {
        KeyLocks.Held held = locks.lock(key);
        try {
            return liveMarker(key, nowMs) == null ? 0 : queue(key).sizeLong();
        } finally {
            held.release();
        }
    }

    /** Whether the queue behind a marker that the caller has seen is empty, so that the list does not exist. */
    boolean isEmpty(byte[] key) {
        return queue(key).isEmpty();
    }

    /** What {@link #delete} found. */
    enum Deletion {
        /** A list, which is gone now. */
        DELETED,
        /** A marker of a list that had expired or had no elements. */
        WAS_ABSENT,
        /** No marker any more: the key has changed since the caller looked. */
        NO_LIST
    }

    /** Deletes the list, if the key still is one; a string is left alone. */
    Deletion delete(byte[] key, long nowMs) {
        KeyLocks.Held held = locks.lock(key);
        try {
            byte[] raw = map.get(key);
            if (raw == null || !StoredValue.isList(raw)) {
                return Deletion.NO_LIST;
            }
            RemoteQueue<byte[]> queue = queue(key);
            boolean existed = !StoredValue.decode(raw).isExpired(nowMs) && !queue.isEmpty();
            removeMarker(key);
            queue.clear();
            return existed ? Deletion.DELETED : Deletion.WAS_ABSENT;
        } finally {
            held.release();
        }
    }

    /** Removes the marker of a list that has no elements, as a crash leaves it. */
    void removeIfEmpty(byte[] key) {
        KeyLocks.Held held = locks.lock(key);
        try {
            if (queue(key).isEmpty()) {
                removeMarker(key);
            }
        } finally {
            held.release();
        }
    }

    /** Drains what a list left behind whose marker is gone; does nothing if the key has become a list again. */
    void drainGarbage(byte[] key) {
        KeyLocks.Held held = locks.lock(key);
        try {
            byte[] raw = map.get(key);
            if (raw == null || !StoredValue.isList(raw)) {
                queue(key).clear();
            }
        } finally {
            held.release();
        }
    }

    /** Drains every queue whose key is no list: after the map was cleared. */
    void drainAllGarbage() {
        for (String name : heap.names()) {
            if (ListNames.isListName(name)) {
                drainGarbage(ListNames.keyOf(name));
            }
        }
    }

    private RemoteQueue<byte[]> queue(byte[] key) {
        return queues.computeIfAbsent(ListNames.nameOf(key), name -> heap.queue(name, Codecs.bytes()));
    }

    /** The marker of a list that has not expired, or null if the key is absent or expired. */
    private StoredValue liveMarker(byte[] key, long nowMs) {
        byte[] raw = map.get(key);
        StoredValue value = raw == null ? null : StoredValue.decode(raw);
        if (value == null || value.isExpired(nowMs)) {
            return null;
        }
        if (!value.isList()) {
            throw CommandException.wrongType();
        }
        return value;
    }

    /** Makes the key a list, which it is not, unless it has become a string meanwhile. */
    private void createMarker(byte[] key, long nowMs) {
        byte[] marker = StoredValue.list(StoredValue.NO_EXPIRY).raw();
        boolean created = false;
        while (!created) {
            byte[] raw = map.get(key);
            if (raw == null) {
                created = map.putIfAbsent(key, marker) == null;
            } else {
                StoredValue value = StoredValue.decode(raw);
                if (!value.isList() && !value.isExpired(nowMs)) {
                    throw CommandException.wrongType();
                }
                created = map.replace(key, raw, marker);
            }
        }
    }

    /** Removes the marker, if there still is one; EXPIRE may give it another expiry meanwhile. */
    private void removeMarker(byte[] key) {
        byte[] raw = map.get(key);
        while (raw != null && StoredValue.isList(raw) && !map.remove(key, raw)) {
            raw = map.get(key);
        }
    }

    private void removeMarkerOfEmpty(byte[] key, RemoteQueue<byte[]> queue, RuntimeException cause) {
        try {
            if (queue.isEmpty()) {
                removeMarker(key);
            }
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }
}
