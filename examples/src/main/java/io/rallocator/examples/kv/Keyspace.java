package io.rallocator.examples.kv;

import io.rallocator.collections.RemoteMap;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The keys, as commands see them: live values only. What has expired is absent to every method and is removed by
 * whoever meets it, on the condition that it still is expired, so that a value set meanwhile is never deleted.
 *
 * <p>Every change of one key is one operation of the map and so one CAS: it is atomic, and persistent when the method
 * returns. Functions given to {@link #compute} may run several times. Where a key is or was a list, {@link ListStore}
 * says what is atomic. Thread-safe.
 */
final class Keyspace {

    /** The longest key that the map takes. */
    static final int MAX_KEY_BYTES = 4095;

    private final HeapSource source;
    private final ServerStats stats;
    private final ExpiryClock clock;

    Keyspace(HeapSource source, ServerStats stats, ExpiryClock clock) {
        this.source = source;
        this.stats = stats;
        this.clock = clock;
    }

    /** The time against which values expire, in epoch milliseconds. */
    long nowMs() {
        return clock.nowMs();
    }

    ListStore lists() {
        return source.get().lists();
    }

    private RemoteMap<byte[], byte[]> map() {
        return source.get().map();
    }

    /** The live value of a key, or null. */
    StoredValue get(byte[] key) {
        byte[] raw = map().get(checked(key));
        if (raw == null) {
            return null;
        }
        StoredValue value = StoredValue.decode(raw);
        if (value.isExpired(nowMs())) {
            removeExpired(key, raw);
            return null;
        }
        return value.isList() && lists().isEmpty(key) ? null : value;
    }

    /**
     * The live string of a key, or null; counts a hit or a miss.
     *
     * @throws CommandException if the key is a list
     */
    StoredValue getString(byte[] key) {
        StoredValue value = get(key);
        (value == null ? stats.keyspaceMisses : stats.keyspaceHits).increment();
        return requireString(value);
    }

    /** Passes a string or null through. */
    static StoredValue requireString(StoredValue value) {
        if (value != null && value.isList()) {
            throw CommandException.wrongType();
        }
        return value;
    }

    /** Sets a key, whatever it was. */
    void put(byte[] key, StoredValue value) {
        byte[] before = map().put(checked(key), value.raw());
        clock.note(value.expiresAtMs());
        if (before != null && StoredValue.isList(before)) {
            lists().drainGarbage(key);
        }
    }

    /**
     * Replaces a key's live value by what the function makes of it, atomically.
     *
     * @param function gets the live value or null and returns the new one, the same one to leave the key alone, or null
     *     to remove it; it may run several times, the last run counts, and what it throws leaves the key as it was
     */
    void compute(byte[] key, UnaryOperator<StoredValue> function) {
        checked(key);
        while (!computeOnce(key, function)) {
            Thread.onSpinWait();
        }
    }

    /** Returns false if somebody else changed the key meanwhile. */
    private boolean computeOnce(byte[] key, UnaryOperator<StoredValue> function) {
        byte[] raw = map().get(key);
        StoredValue stored = raw == null ? null : StoredValue.decode(raw);
        boolean expired = stored != null && stored.isExpired(nowMs());
        StoredValue live = expired ? null : stored;
        if (live != null && live.isList() && lists().isEmpty(key)) {
            lists().removeIfEmpty(key);
            return false;
        }
        StoredValue after = function.apply(live);
        if (after == live) {
            if (expired) {
                removeExpired(key, raw);
            }
            return true;
        }
        if (!swap(key, raw, after == null ? null : after.raw())) {
            return false;
        }
        if (stored != null && stored.isList() && (after == null || !after.isList())) {
            lists().drainGarbage(key);
        }
        if (after != null) {
            clock.note(after.expiresAtMs());
        }
        return true;
    }

    /** One CAS of what the map holds for a key; null stands for nothing, and at most one of the two is null. */
    private boolean swap(byte[] key, byte[] before, byte[] after) {
        if (before == null) {
            return map().putIfAbsent(key, after) == null;
        }
        return after == null ? map().remove(key, before) : map().replace(key, before, after);
    }

    /** Removes a key; returns whether it was there. */
    boolean delete(byte[] key) {
        checked(key);
        for (; ; ) {
            byte[] raw = map().get(key);
            if (raw == null) {
                return false;
            }
            StoredValue value = StoredValue.decode(raw);
            long now = nowMs();
            if (value.isList()) {
                ListStore.Deletion deletion = lists().delete(key, now);
                if (deletion != ListStore.Deletion.NO_LIST) {
                    return deletion == ListStore.Deletion.DELETED;
                }
            } else if (value.isExpired(now)) {
                removeExpired(key, raw);
                return false;
            } else if (map().remove(key, raw)) {
                return true;
            }
        }
    }

    /** Removes a key if it still has this value, which has expired. */
    private void removeExpired(byte[] key, byte[] raw) {
        if (map().remove(key, raw)) {
            stats.expiredKeys.increment();
            if (StoredValue.isList(raw)) {
                lists().drainGarbage(key);
            }
        }
    }

    /** One key that a scan came by. */
    static final class Entry {

        private final byte[] key;
        private final StoredValue value;

        Entry(byte[] key, StoredValue value) {
            this.key = key;
            this.value = value;
        }

        byte[] key() {
            return key;
        }

        StoredValue value() {
            return value;
        }
    }

    /**
     * Visits part of the keys, with the guarantees of SCAN.
     *
     * @param cursor 0 to start, then what the call before returned
     * @param atLeast how many entries of the map to visit, live or not, if there are as many
     * @param live receives the live ones
     * @return the next cursor, 0 at the end
     */
    long scan(long cursor, int atLeast, List<Entry> live) {
        List<Entry> seen = new ArrayList<>();
        long next = map().scan(cursor, atLeast, (key, raw) -> seen.add(new Entry(key, StoredValue.decode(raw))));
        long now = nowMs();
        for (Entry entry : seen) {
            if (entry.value().isExpired(now)) {
                removeExpired(entry.key(), entry.value().raw());
            } else if (entry.value().isList() && lists().isEmpty(entry.key())) {
                lists().removeIfEmpty(entry.key());
            } else {
                live.add(entry);
            }
        }
        return next;
    }

    /** The number of keys, those that have expired but were not met since included. */
    long size() {
        return map().sizeLong();
    }

    /** Removes every key, one after the other; keys set meanwhile may stay. */
    void clear() {
        map().clear();
        lists().drainAllGarbage();
    }

    private static byte[] checked(byte[] key) {
        if (key.length > MAX_KEY_BYTES) {
            throw new CommandException(
                    "ERR the key has " + key.length + " bytes, at most " + MAX_KEY_BYTES + " are allowed");
        }
        return key;
    }
}
