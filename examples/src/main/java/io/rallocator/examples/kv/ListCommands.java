package io.rallocator.examples.kv;

import io.netty.handler.codec.redis.RedisMessage;
import java.util.ArrayList;
import java.util.List;

/** Commands on lists: a list is a queue, LPUSH appends at its tail and RPOP takes from its head. */
final class ListCommands {

    private final Keyspace keys;

    ListCommands(Keyspace keys) {
        this.keys = keys;
    }

    void addTo(CommandTable table) {
        table.add("lpush", -3, this::push).add("rpop", -2, this::pop).add("llen", 2, this::length);
    }

    private RedisMessage push(Request request) {
        List<byte[]> elements = new ArrayList<>(request.size() - 2);
        for (int i = 2; i < request.size(); i++) {
            elements.add(request.bytes(i));
        }
        return Replies.integer(keys.lists().push(request.bytes(1), elements, keys.nowMs()));
    }

    private RedisMessage pop(Request request) {
        if (request.size() > 3) {
            throw CommandException.wrongArity(request.name());
        }
        boolean single = request.size() == 2;
        long count = single ? 1 : countOf(request);
        List<byte[]> taken = keys.lists().pop(request.bytes(1), count, keys.nowMs());
        if (taken == null) {
            return single ? Replies.NIL : Replies.NIL_ARRAY;
        }
        return single ? Replies.bulk(taken.get(0)) : Replies.bulks(taken);
    }

    private static long countOf(Request request) {
        long count;
        try {
            count = request.integer(2);
        } catch (CommandException e) {
            count = -1;
        }
        if (count < 0) {
            throw new CommandException("ERR value is out of range, must be positive");
        }
        return count;
    }

    private RedisMessage length(Request request) {
        return Replies.integer(keys.lists().length(request.bytes(1), keys.nowMs()));
    }
}
