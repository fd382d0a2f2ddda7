package io.rallocator.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import java.io.PrintWriter;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The process that dies: opens a pool, says how long that took, fills the map if it is not full, then writes until it is
 * killed. Says {@code writing} once every thread has written values of every size.
 */
@Command(name = "recovery-worker", hidden = true)
final class RecoveryWorkerCommand implements Callable<Integer> {
    static final int VALUE_BYTES = 100;

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final long PROGRESS_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int WARM_WRITES = 400;
    private static final int KEYS_PER_SIZE = 500;

    @Spec
    private CommandSpec spec;

    @Option(names = "--heap", required = true)
    private String uri;

    @Option(names = "--entries", required = true)
    private long entries;

    @Option(names = "--threads", required = true)
    private int threads;

    @Option(names = "--sizes", required = true)
    private int sizes;

    @Override
    public Integer call() throws InterruptedException {
        final long before = System.nanoTime();
        try (RemoteHeap heap = RemoteHeap.open(uri)) {
            final long opened = System.nanoTime();
            final RemoteMap<Long, byte[]> map = heap.map("entries", Codecs.longs(), Codecs.bytes());
            final boolean found = map.get(key(0)) != null;
            tell(Map.of("openNs", opened - before, "firstGetNs", System.nanoTime() - opened, "found", found));
            fill(map);
            final RemoteMap<Long, byte[]> others = heap.map("others", Codecs.longs(), Codecs.bytes());
            final CountDownLatch warm = new CountDownLatch(threads);
            for (int i = 0; i < threads; i++) {
                final int number = i;
                final Thread thread = new Thread(() -> write(map, others, number, warm), "writer-" + i);
                thread.setDaemon(true);
                thread.start();
            }
            warm.await();
            tell(Map.of("status", "writing"));
            new CountDownLatch(1).await(); // until the kill
        }
        return 0;
    }

    /** Scrambled, so that no order of keys helps. */
    static long key(final long index) {
        return Keys.scramble(index);
    }

    private void fill(final RemoteMap<Long, byte[]> map) {
        final byte[] value = new byte[VALUE_BYTES];
        long last = System.nanoTime();
        for (long index = map.sizeLong(); index < entries; index++) {
            map.set(key(index), value);
            if (System.nanoTime() - last >= PROGRESS_NS) {
                last = System.nanoTime();
                tell(Map.of("filled", index));
            }
        }
    }

    /** Overwrites entries, and keeps a few larger values whose blocks are of other classes. */
    private void write(
            final RemoteMap<Long, byte[]> map,
            final RemoteMap<Long, byte[]> others,
            final int number,
            final CountDownLatch warm) {
        final SplittableRandom random = new SplittableRandom(number);
        for (long written = 1; ; written++) {
            map.set(key(random.nextLong(entries)), new byte[VALUE_BYTES]);
            final int size = random.nextInt(sizes);
            if (size > 0) {
                others.set((long) size * KEYS_PER_SIZE + random.nextInt(KEYS_PER_SIZE), new byte[VALUE_BYTES << size]);
            }
            if (written == WARM_WRITES) {
                warm.countDown();
            }
        }
    }

    private void tell(final Map<String, Object> line) {
        final PrintWriter out = spec.commandLine().getOut();
        try {
            out.println(MAPPER.writeValueAsString(line));
        } catch (final JsonProcessingException e) {
            throw new IllegalStateException("numbers and texts have a JSON form", e);
        }
        out.flush();
    }
}
