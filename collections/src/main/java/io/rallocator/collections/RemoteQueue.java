package io.rallocator.collections;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A first-in-first-out queue whose elements live in a blade's non-volatile memory. Any number of producers and
 * consumers in any number of threads, heaps and processes may use the same queue at once.
 *
 * <p><b>Order.</b> There is one order of all elements; elements of one producer are in the order in which it offered them.
 *
 * <p><b>Crash guarantee.</b> When {@code offer} returned, the element survives the death of any process. An offer under way
 * when its process died has either happened or not. Taking is <i>at most once</i>: the element has left the queue,
 * durably, before {@code poll} returns it, so a consumer that dies between the two loses it. A consumer that dies before
 * that loses nothing, and no one ever waits for a dead or stopped process. {@code drainTo} is the same for up to 22 elements, or one batch,
 * at a time: a consumer that dies in it loses at most those that had left, and an element that cannot be decoded, or that the
 * target refuses, is lost, while the others taken with it are added before the exception is thrown. It is not atomic as a whole.
 *
 * <p><b>Leases.</b> {@code receive} is <i>at least once</i>: the element stays in the pool, as a {@link Lease} of this heap, until it is acknowledged. If it is released, or the
 * heap's session ends (the heap is closed, or its process dies and the blade has recovered it), the next {@code receive} of any consumer gets it, with one more delivery counted. Which {@code
 * receive} that is: leases that have ended are looked for by the first of a heap, by each 64th, and whenever the queue is found empty; so such an element is delivered out of order.
 * Nobody waits for a consumer that holds a lease, and a lease holds back no memory but its own. What is leased is not in the queue: {@code size},
 * iterators, {@code poll}, {@code clear} and the like do not see it, and of a bounded queue it takes no place; {@link RemoteHeap#drop} drops it too.
 *
 * <p><b>Batches.</b> {@code addAll} adds up to 64 elements, 4 KiB encoded at most, at once: they follow one
 * another, and after a crash all of them are there or none. What is larger takes several batches, one after the other; so does what a bounded queue has no room for
 * at once, or in one segment. If it fails, or the queue is full, none or the first ones were added.
 *
 * <p><b>Bound.</b> A queue from {@link RemoteHeap#queue} has no bound but the pool's memory, whose end is an
 * {@link io.rallocator.persistence.OutOfRemoteMemoryException}: {@code put} and {@code offer} never wait, and {@code
 * remainingCapacity} is {@link Integer#MAX_VALUE}. A queue from {@link RemoteHeap#boundedQueue} never has more elements than its
 * capacity, whoever dies: {@code offer} answers false, {@code add} throws {@link IllegalStateException} and {@code put} waits while
 * it is full. The place of an element that was removed from the middle, not polled, counts until all before it have left; if
 * it was added by {@code addAll}, until all that were added before that have left.
 *
 * <p><b>Waiting.</b> {@code take}, {@code poll(timeout)}, and {@code put} and {@code offer(timeout)} of a full queue look again and
 * again, at most 1 ms apart in the first second and at most 10 ms apart after it, and hold nothing while they wait; an
 * interrupt ends them with nothing taken or added. Waiting threads get no turns: who looks first wins.
 *
 * <p>Iterators are weakly consistent: they show no element twice and none that left before they came to its place.
 * {@code Iterator.remove}, {@code remove(Object)}, {@code removeIf}, {@code removeAll} and {@code retainAll} take
 * an element wherever it is, by one swap each, at most once as {@code poll}: of several that remove or poll an element one
 * gets it, and {@code remove(Object)} answers true only to that one. Elements are compared decoded, by {@code equals}. The
 * bulk methods are not atomic as a whole. {@code clear} drains until the queue was empty once. As for every queue of
 * {@code java.util.concurrent}, {@code equals} and {@code hashCode} are those of identity.
 *
 * <p>An element has at most as many bytes, encoded, as the pool's largest block less 56. Null elements are not allowed.
 *
 * <p><b>Cost</b> in round trips: {@code offer} 1, or 2 to 4 when a bound was reached as far as this heap knows, {@code poll} 1 or 2, {@code addAll} 1 for each batch, 2 in a bounded queue,
 * {@code drainTo} 2 at most for each batch and for each 22 elements in consecutive slots, {@code poll} from a batch 2, a size 1 more for each 128 batches, more only at the border of a segment (some 500
 * elements) or in contention; {@code peek}, {@code isEmpty} 1 or 2; {@code remainingCapacity} of a bounded queue 2 to 6; {@code
 * size} 1 and one for each segment between head and tail; a walk 2 for each 16 elements and a few for each segment;
 * removing an element that a walk has found 1, from a batch 3, and if the epoch has changed since, at most 2 more for each segment before it.
 *
 * <p>Taking a part of a batch writes the rest of it, and throws an
 * {@link io.rallocator.persistence.OutOfRemoteMemoryException} with nothing taken if the pool is full even after waiting; {@code clear}
 * and {@code drainTo} of 64 elements and more need no memory.
 *
 * <p>All methods throw {@link io.rallocator.persistence.HeapClosedException} after the heap was closed,
 * {@link io.rallocator.persistence.SessionFencedException} if this worker was declared dead, and
 * {@link io.rallocator.persistence.CorruptedPoolException} if stored bytes are damaged.
 *
 * <p>There is no {@code BlockingDeque}: one swap for each end is not possible with segments that grow without a preset size.
 *
 * @param <E> type of elements
 */
public interface RemoteQueue<E> extends BlockingQueue<E> {
    /**
     * Leases the first element, or one whose lease has ended, waiting until there is one. Costs 3 round trips, 4 if the slot is not known, a few more from a batch, and when it looks for leases that have ended.
     *
     * @return the lease; close it
     * @throws InterruptedException if the thread is interrupted; nothing was received
     */
    Lease<E> receive() throws InterruptedException;

    /**
     * The same, waiting no longer than a time.
     *
     * @param timeout how long to wait, 0 or less not to
     * @param unit of the timeout
     * @return the lease, or null if there was no element in time
     * @throws InterruptedException if the thread is interrupted; nothing was received
     */
    Lease<E> receive(long timeout, TimeUnit unit) throws InterruptedException;

    /**
     * The same without waiting.
     *
     * @return the lease, or null if there is no element, nor one whose lease has ended
     */
    Lease<E> tryReceive();

    /**
     * How many elements there are: exact when nobody uses the queue meanwhile, otherwise an estimate.
     *
     * @return count
     */
    long sizeLong();

    /**
     * {@link #sizeLong()}, at most {@link Integer#MAX_VALUE}.
     *
     * @return count
     */
    @Override
    int size();
}
