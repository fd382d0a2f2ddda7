package io.rallocator.benchmarks;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What operations of a map and a queue cost. Cold: a worker without a cache, and another one changed the same bucket, or the same end of the queue, just
 * before. Warm: a worker with a cache, which itself used the bucket or the queue just before.
 */
final class StructureVerbs implements AutoCloseable {
    private static final int KEYS = 1_000;
    private static final int VALUE_BYTES = 100;
    private static final int DRAINED = 16;

    private final int samples;
    private final Worker owner;
    private final Worker cold;
    private final Worker warm;
    private final SplittableRandom random = new SplittableRandom(1);
    private final byte[] value = new byte[VALUE_BYTES];
    private long key;

    /** A heap and its structures. */
    private static final class Worker {
        private final RemoteHeap heap;
        private final RemoteMap<Long, byte[]> map;
        private final RemoteQueue<byte[]> queue;

        Worker(final String address) {
            heap = RemoteHeap.open(address);
            map = heap.map("map", Codecs.longs(), Codecs.bytes());
            queue = heap.queue("queue", Codecs.bytes());
        }
    }

    StructureVerbs(final Path pool, final int samples) {
        this.samples = samples;
        owner = new Worker("local:" + pool + "?name=owner");
        cold = new Worker("local:" + pool + "?name=cold");
        warm = new Worker("local:" + pool + "?name=warm&cache=4m");
        for (long each = 0; each < KEYS; each++) {
            owner.map.set(each, value);
        }
    }

    List<VerbCost> measure() {
        final List<VerbCost> costs = new ArrayList<>();
        map(costs, "map.get", worker -> worker.map.get(key));
        map(costs, "map.put", worker -> worker.map.put(key, value));
        map(costs, "map.remove", worker -> worker.map.remove(key));
        queue(costs, "queue.offer", 0, worker -> worker.queue.offer(value));
        queue(costs, "queue.poll", 1, worker -> worker.queue.poll());
        queue(costs, "queue.drain", DRAINED, worker -> worker.queue.drainTo(new ArrayList<>(), DRAINED));
        return costs;
    }

    /** Something that a worker does. */
    private interface Action {
        void by(Worker worker);
    }

    private void map(final List<VerbCost> costs, final String name, final Action action) {
        final Runnable change = () -> {
            key = random.nextInt(KEYS);
            owner.map.set(key, value);
        };
        costs.add(cost(name, VerbCost.COLD, cold, change, action));
        final Runnable look = () -> {
            change.run();
            warm.map.get(key);
        };
        costs.add(cost(name, VerbCost.WARM, warm, look, action));
    }

    /** The queue has what is needed, and a queue that is not emptied stays short. */
    private void queue(final List<VerbCost> costs, final String name, final int needed, final Action action) {
        final Runnable change = () -> fill(owner, needed);
        costs.add(cost(name, VerbCost.COLD, cold, change, action));
        final Runnable use = () -> {
            fill(owner, needed);
            fill(warm, needed);
        };
        costs.add(cost(name, VerbCost.WARM, warm, use, action));
    }

    private void fill(final Worker worker, final int needed) {
        worker.queue.clear();
        worker.queue.offer(value);
        worker.queue.poll();
        for (int element = 0; element < needed; element++) {
            worker.queue.offer(value);
        }
    }

    private VerbCost cost(
            final String name, final String state, final Worker worker, final Runnable prepare, final Action action) {
        return VerbCost.medianOf(
                name, state, figure -> worker.heap.count(name, figure), samples, prepare, () -> action.by(worker));
    }

    @Override
    public void close() {
        warm.heap.close();
        cold.heap.close();
        owner.heap.close();
    }
}
