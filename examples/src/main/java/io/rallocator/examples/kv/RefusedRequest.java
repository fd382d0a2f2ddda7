package io.rallocator.examples.kv;

/**
 * Stands for a request whose bytes were dropped because there were too many.
 *
 * @param reply the error
 */
record RefusedRequest(String reply) {}
