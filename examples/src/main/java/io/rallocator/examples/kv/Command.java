package io.rallocator.examples.kv;

import io.netty.handler.codec.redis.RedisMessage;

/**
 * An entry of the command table.
 *
 * @param name  in lower case
 * @param arity how many words a request has, the name included; negative means at least that many
 * @param handler what answers it
 */
record Command(String name, int arity, Handler handler) {

    /** Answers a request, on the event loop of the request's connection; it must not block. */
    @FunctionalInterface
    interface Handler {

        /**
         * Carries the command out. Whatever it writes is persistent when it returns.
         *
         * @return the reply
         * @throws CommandException if the command is refused, with the error reply
         */
        RedisMessage handle(Request request);
    }

    boolean accepts(int words) {
        return arity >= 0 ? words == arity : words >= -arity;
    }
}
