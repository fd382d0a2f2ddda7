package io.rallocator.benchmarks;

import io.rallocator.allocator.Blade;
import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.ModelledFabric;
import io.rallocator.allocator.TimeModel;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import java.nio.file.Path;

/** A pool, its blade, and the modelled network between the blade and its workers. */
final class PolicyPool implements AutoCloseable {
    /** Modelled: a round trip takes 2 µs, and 100 Gbit/s pass; memory and PERSIST take no time, which is in favour of those who use them more. */
    static final TimeModel NETWORK = new TimeModel(2_000, 100_000_000_000L, 0, 0, true);

    /** Of the pool, for each worker: a sparse file, so what is not used takes nothing. */
    private static final long BYTES_A_WORKER = 32L << 20;

    private static final int FEWEST_WORKERS = 16;

    private final Blade blade;

    PolicyPool(final Path path, final int workers) {
        PoolFile.create(
                path, PoolGeometry.ofCapacity(Math.max(workers, FEWEST_WORKERS) * BYTES_A_WORKER), true, written -> {});
        blade = Blade.open(path);
    }

    /** A way of its own for one worker; whoever opens a session over it closes it. */
    Fabric fabric() {
        return new ModelledFabric(Fabric.of(blade), NETWORK);
    }

    /** A heap of one worker over the same network. */
    RemoteHeap heap(final String name, final int cacheBytes) {
        return RemoteHeap.open("local:" + blade.pool() + "?name=" + name + "&cache=" + cacheBytes + "&model-rtt="
                + NETWORK.roundTripNs() + "ns&model-bandwidth=100gbit&model-time=virtual");
    }

    NvmRegion region() {
        return blade.region();
    }

    @Override
    public void close() {
        blade.close();
    }
}
