package io.rallocator.examples.kv;

import io.netty.handler.codec.redis.RedisMessage;
import java.util.ArrayList;
import java.util.List;

/** Commands on keys of any type. */
final class KeyCommands {

    private static final long NO_KEY = -2;
    private static final long NO_TTL = -1;
    private static final int DEFAULT_SCAN_COUNT = 10;
    private static final int KEYS_STEP = 1024;

    private final Keyspace keys;

    KeyCommands(Keyspace keys) {
        this.keys = keys;
    }

    void addTo(CommandTable table) {
        table.add("del", -2, this::delete)
                .add("unlink", -2, this::delete)
                .add("exists", -2, this::exists)
                .add("type", 2, this::type)
                .add("expire", -3, request -> expire(request, true, keys.nowMs()))
                .add("pexpire", -3, request -> expire(request, false, keys.nowMs()))
                .add("expireat", -3, request -> expire(request, true, 0))
                .add("pexpireat", -3, request -> expire(request, false, 0))
                .add("ttl", 2, request -> timeToLive(request, 1000))
                .add("pttl", 2, request -> timeToLive(request, 1))
                .add("persist", 2, this::persist)
                .add("scan", -2, this::scan)
                .add("keys", 2, this::keys)
                .add("dbsize", 1, request -> Replies.integer(keys.size()))
                .add("flushall", -1, this::flush)
                .add("flushdb", -1, this::flush);
    }

    private RedisMessage delete(Request request) {
        long deleted = 0;
        for (int i = 1; i < request.size(); i++) {
            deleted += keys.delete(request.bytes(i)) ? 1 : 0;
        }
        return Replies.integer(deleted);
    }

    private RedisMessage exists(Request request) {
        long found = 0;
        for (int i = 1; i < request.size(); i++) {
            found += keys.get(request.bytes(i)) == null ? 0 : 1;
        }
        return Replies.integer(found);
    }

    private RedisMessage type(Request request) {
        StoredValue value = keys.get(request.bytes(1));
        return Replies.simple(value == null ? "none" : value.typeName());
    }

    private RedisMessage expire(Request request, boolean inSeconds, long baseMs) {
        byte[] key = request.bytes(1);
        long moment = Expiry.moment(request.integer(2), inSeconds, baseMs, request.name());
        ExpireCondition condition = ExpireCondition.parse(request);
        long now = keys.nowMs();
        boolean[] applied = new boolean[1];
        keys.compute(key, before -> {
            applied[0] = before != null && condition.allows(before.expiresAtMs(), moment);
            if (!applied[0]) {
                return before;
            }
            return moment <= now ? null : before.withExpiry(moment);
        });
        return Replies.flag(applied[0]);
    }

    private RedisMessage timeToLive(Request request, long unitMs) {
        StoredValue value = keys.get(request.bytes(1));
        if (value == null) {
            return Replies.integer(NO_KEY);
        }
        if (!value.hasExpiry()) {
            return Replies.integer(NO_TTL);
        }
        long leftMs = Math.max(0, value.expiresAtMs() - keys.nowMs());
        return Replies.integer((leftMs + unitMs / 2) / unitMs);
    }

    private RedisMessage persist(Request request) {
        boolean[] applied = new boolean[1];
        keys.compute(request.bytes(1), before -> {
            applied[0] = before != null && before.hasExpiry();
            return applied[0] ? before.withExpiry(StoredValue.NO_EXPIRY) : before;
        });
        return Replies.flag(applied[0]);
    }

    private RedisMessage scan(Request request) {
        ScanOptions options = ScanOptions.parse(request, DEFAULT_SCAN_COUNT);
        List<Keyspace.Entry> live = new ArrayList<>();
        long next = keys.scan(options.cursor(), options.count(), live);
        List<byte[]> found = new ArrayList<>();
        for (Keyspace.Entry entry : live) {
            if (options.accepts(entry)) {
                found.add(entry.key());
            }
        }
        return Replies.array(List.of(Replies.bulk(Long.toUnsignedString(next)), Replies.bulks(found)));
    }

    private RedisMessage keys(Request request) {
        Glob pattern = new Glob(request.bytes(1));
        List<byte[]> found = new ArrayList<>();
        List<Keyspace.Entry> live = new ArrayList<>();
        long cursor = 0;
        do {
            live.clear();
            cursor = keys.scan(cursor, KEYS_STEP, live);
            for (Keyspace.Entry entry : live) {
                if (pattern.matches(entry.key())) {
                    found.add(entry.key());
                }
            }
        } while (cursor != 0);
        return Replies.bulks(found);
    }

    private RedisMessage flush(Request request) {
        boolean understood =
                request.size() == 1 || request.size() == 2 && (request.is(1, "ASYNC") || request.is(1, "SYNC"));
        if (!understood) {
            throw CommandException.syntax();
        }
        keys.clear();
        return Replies.OK;
    }
}
