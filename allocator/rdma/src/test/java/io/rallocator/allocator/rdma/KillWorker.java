package io.rallocator.allocator.rdma;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;

/** A worker in a process of its own: puts 0, 1, 2 … and says each number that was acknowledged, until it is stopped from outside. */
final class KillWorker {
    static final String MAP = "acknowledged";

    private KillWorker() {}

    public static void main(final String[] arguments) {
        try (RemoteHeap heap = RemoteHeap.open(arguments[0])) {
            final RemoteMap<Integer, Integer> map = heap.map(MAP, Codecs.ints(), Codecs.ints());
            for (int i = 0; ; i++) {
                map.put(i, -i);
                System.out.println(i);
            }
        } catch (final RuntimeException e) {
            System.out.println("ended by " + e);
        }
    }
}
