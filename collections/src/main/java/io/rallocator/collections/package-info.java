/**
 * {@code java.util} collections whose nodes live in a blade's non-volatile memory and survive the death of any process.
 *
 * <pre>{@code
 * try (RemoteHeap heap = RemoteHeap.open("embedded:/dev/shm/pool?size=1g")) {
 *     RemoteMap<String, Long> stock = heap.map("stock", Codecs.string(), Codecs.longs());
 *     stock.merge("apples", 1L, Long::sum);
 * }
 * }</pre>
 *
 * <p>Priorities: what returned to the caller is durable; nobody waits for a dead or stopped worker; few round trips;
 * speed. Every change is one compare-and-swap of one 8-byte link word; what it points to is immutable.
 *
 * <p>Threads: every public type here may be used by any number of threads.
 *
 * <p>Errors: what the library itself reports is a {@link io.rallocator.persistence.RallocatorException} with a category
 * that says what to do; arguments that can never work are {@link java.lang.IllegalArgumentException}s with figures. An
 * exception from one operation changes nothing unless its documentation says otherwise.
 */
package io.rallocator.collections;
