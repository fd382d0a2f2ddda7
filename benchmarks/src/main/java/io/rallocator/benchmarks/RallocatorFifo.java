package io.rallocator.benchmarks;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteQueue;
import java.nio.file.Path;

/** Ours, served by this process. */
final class RallocatorFifo implements Fifo {
    private final RemoteHeap heap;
    private final RemoteQueue<byte[]> queue;

    RallocatorFifo(final Path folder) {
        heap = RemoteHeap.open("embedded:" + folder.resolve("pool") + "?size=256m");
        queue = heap.queue("queue", Codecs.bytes());
    }

    @Override
    public void offer(final byte[] element) {
        queue.add(element);
    }

    @Override
    public byte[] poll() {
        return queue.poll();
    }

    @Override
    public void close() {
        heap.close();
    }
}
