package io.rallocator.examples.kv;

import io.netty.handler.codec.redis.RedisMessage;
import java.util.ArrayList;
import java.util.List;

/** Commands on strings. Each is atomic for one key; MSET and MGET are not atomic across their keys. */
final class StringCommands {

    private final Keyspace keys;
    private final int maxValueBytes;

    StringCommands(Keyspace keys, int maxValueBytes) {
        this.keys = keys;
        this.maxValueBytes = maxValueBytes;
    }

    void addTo(CommandTable table) {
        table.add("get", 2, this::get)
                .add("set", -3, this::set)
                .add("setex", 4, request -> setWithExpiry(request, true))
                .add("psetex", 4, request -> setWithExpiry(request, false))
                .add("setnx", 3, this::setIfAbsent)
                .add("getset", 3, this::getAndSet)
                .add("getdel", 2, this::getAndDelete)
                .add("mget", -2, this::getMany)
                .add("mset", -3, this::setMany)
                .add("incr", 2, request -> add(request, 1))
                .add("decr", 2, request -> add(request, -1))
                .add("incrby", 3, request -> add(request, request.integer(2)))
                .add("decrby", 3, this::subtract)
                .add("append", 3, this::append)
                .add("strlen", 2, this::length);
    }

    private RedisMessage get(Request request) {
        return Replies.bulk(keys.getString(request.bytes(1)));
    }

    private RedisMessage set(Request request) {
        byte[] key = request.bytes(1);
        byte[] payload = request.bytes(2);
        SetOptions options = SetOptions.parse(request, keys.nowMs());
        if (options.isUnconditional()) {
            keys.put(key, StoredValue.string(payload, options.expiresAtMs(null)));
            return Replies.OK;
        }
        StoredValue[] old = new StoredValue[1];
        boolean[] applied = new boolean[1];
        keys.compute(key, before -> {
            old[0] = options.wantsOldValue() ? Keyspace.requireString(before) : null;
            applied[0] = options.applyTo(before);
            return applied[0] ? StoredValue.string(payload, options.expiresAtMs(before)) : before;
        });
        if (options.wantsOldValue()) {
            return Replies.bulk(old[0]);
        }
        return applied[0] ? Replies.OK : Replies.NIL;
    }

    private RedisMessage setWithExpiry(Request request, boolean inSeconds) {
        long expiresAtMs = Expiry.futureMoment(request.integer(2), inSeconds, keys.nowMs(), request.name());
        keys.put(request.bytes(1), StoredValue.string(request.bytes(3), expiresAtMs));
        return Replies.OK;
    }

    private RedisMessage setIfAbsent(Request request) {
        StoredValue value = StoredValue.string(request.bytes(2), StoredValue.NO_EXPIRY);
        boolean[] applied = new boolean[1];
        keys.compute(request.bytes(1), before -> {
            applied[0] = before == null;
            return before == null ? value : before;
        });
        return Replies.flag(applied[0]);
    }

    private RedisMessage getAndSet(Request request) {
        StoredValue value = StoredValue.string(request.bytes(2), StoredValue.NO_EXPIRY);
        return Replies.bulk(exchange(request.bytes(1), value));
    }

    private RedisMessage getAndDelete(Request request) {
        return Replies.bulk(exchange(request.bytes(1), null));
    }

    /** Puts a value, or null for none, in the place of the string that is returned. */
    private StoredValue exchange(byte[] key, StoredValue value) {
        StoredValue[] old = new StoredValue[1];
        keys.compute(key, before -> {
            old[0] = Keyspace.requireString(before);
            return value;
        });
        return old[0];
    }

    private RedisMessage getMany(Request request) {
        List<RedisMessage> replies = new ArrayList<>(request.size() - 1);
        for (int i = 1; i < request.size(); i++) {
            StoredValue value = keys.get(request.bytes(i));
            replies.add(value == null || value.isList() ? Replies.NIL : Replies.bulk(value));
        }
        return Replies.array(replies);
    }

    private RedisMessage setMany(Request request) {
        if (request.size() % 2 == 0) {
            throw CommandException.wrongArity(request.name());
        }
        for (int i = 1; i < request.size(); i += 2) {
            keys.put(request.bytes(i), StoredValue.string(request.bytes(i + 1), StoredValue.NO_EXPIRY));
        }
        return Replies.OK;
    }

    private RedisMessage subtract(Request request) {
        long decrement = request.integer(2);
        if (decrement == Long.MIN_VALUE) {
            throw new CommandException("ERR decrement would overflow");
        }
        return add(request, -decrement);
    }

    private RedisMessage add(Request request, long increment) {
        long[] sum = new long[1];
        keys.compute(request.bytes(1), before -> {
            Keyspace.requireString(before);
            long value = before == null ? 0 : Integers.parse(before.payload());
            sum[0] = value + increment;
            if (((value ^ sum[0]) & (increment ^ sum[0])) < 0) {
                throw new CommandException("ERR increment or decrement would overflow");
            }
            long expiresAtMs = before == null ? StoredValue.NO_EXPIRY : before.expiresAtMs();
            return StoredValue.string(Integers.format(sum[0]), expiresAtMs);
        });
        return Replies.integer(sum[0]);
    }

    private RedisMessage append(Request request) {
        byte[] tail = request.bytes(2);
        int[] length = new int[1];
        keys.compute(request.bytes(1), before -> {
            Keyspace.requireString(before);
            length[0] = tail.length + (before == null ? 0 : before.payloadLength());
            if (length[0] > maxValueBytes || length[0] < 0) {
                throw new CommandException("ERR string exceeds maximum allowed size (" + maxValueBytes + " bytes)");
            }
            return before == null ? StoredValue.string(tail, StoredValue.NO_EXPIRY) : before.append(tail);
        });
        return Replies.integer(length[0]);
    }

    private RedisMessage length(Request request) {
        StoredValue value = keys.getString(request.bytes(1));
        return Replies.integer(value == null ? 0 : value.payloadLength());
    }
}
