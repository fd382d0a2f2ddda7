package io.rallocator.examples.kv;

import io.netty.handler.codec.redis.RedisMessage;

/**
 * Stands for a word of a request whose bytes {@link RequestLimiter} dropped.
 *
 * @param reason the error reply for the request
 */
record OversizedBulk(String reason) implements RedisMessage {}
