package io.rallocator.benchmarks;

import java.util.concurrent.LinkedBlockingQueue;

/** The ceiling for queues. */
final class HeapFifo implements Fifo {
    private final LinkedBlockingQueue<byte[]> queue = new LinkedBlockingQueue<>();

    @Override
    public void offer(final byte[] element) {
        queue.add(element.clone());
    }

    @Override
    public byte[] poll() {
        return queue.poll();
    }

    @Override
    public void close() {
        queue.clear();
    }
}
