package io.rallocator.examples.cli;

import io.rallocator.allocator.Blade;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.Superblock;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code blade}: serves a pool to workers of this host, and by TCP to those of others, until it gets SIGTERM or SIGINT. */
@Command(
        name = "blade",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Serves a pool to the workers of this host, and with --listen to those of other hosts.",
        footer = {
            "",
            "Examples:",
            "  rallocator blade --pool /dev/shm/pool --size 4g",
            "  rallocator blade --pool /dev/shm/pool --listen tcp://127.0.0.1:7700"
        })
final class BladeCommand implements Callable<Integer> {
    private static final long PROGRESS_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long DEFAULT_SIZE = 1L << 30;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--pool",
            required = true,
            paramLabel = "PATH",
            description = "The pool's file; it is created if there is none.")
    private Path pool;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "The size of a new pool, such as 512m or 4g (default: 1g); a pool that exists has its size.")
    private Long size;

    @Option(
            names = "--durability",
            paramLabel = "LEVEL",
            description =
                    "What acknowledged operations on a new pool survive: process (the death of any process; the default)"
                            + " or power (the loss of power too; needs a disk).")
    private Durability durability;

    @ArgGroup(exclusive = false)
    private ListenOptions listen;

    @Option(names = "--json", description = "Print the ready line as a JSON object.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        final ListenOptions.Opener opener = listen == null ? ServedPool::local : listen.opener();
        if (Files.exists(pool)) {
            final Superblock superblock = PoolFile.readSuperblock(pool);
            requireSize(superblock.geometry().capacity());
            requireDurability(superblock.durability());
        } else {
            final long bytes = size == null ? DEFAULT_SIZE : size;
            PoolFile.create(
                    pool,
                    PoolGeometry.ofCapacity(bytes),
                    false,
                    durability == null ? Durability.PROCESS : durability,
                    progress(bytes));
        }
        final CountDownLatch ended = new CountDownLatch(1);
        final CountDownLatch closed = new CountDownLatch(1);
        try (ServedPool served = opener.open(pool)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                ended.countDown();
                awaitQuietly(closed);
            }));
            announce(served);
            ended.await();
        } finally {
            closed.countDown();
        }
        return 0;
    }

    /** The JVM goes on ending when the hook returns: it waits until the pool is closed. */
    private static void awaitQuietly(final CountDownLatch closed) {
        try {
            closed.await();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void requireSize(final long existing) {
        if (size != null && size != existing) {
            throw new IllegalArgumentException("the pool " + pool + " exists with " + existing
                    + " bytes, asked for was " + size + "; leave --size out, or choose another file");
        }
    }

    private void requireDurability(final Durability existing) {
        if (durability != null && durability != existing) {
            throw new IllegalArgumentException("the pool " + pool + " exists with durability "
                    + existing.name().toLowerCase(Locale.ROOT) + ", asked for was "
                    + durability.name().toLowerCase(Locale.ROOT) + "; leave --durability out, or choose another file");
        }
    }

    private LongConsumer progress(final long bytes) {
        final PrintWriter err = spec.commandLine().getErr();
        final long[] last = {System.nanoTime()};
        return written -> {
            if (System.nanoTime() - last[0] > PROGRESS_NS) {
                last[0] = System.nanoTime();
                err.println(
                        "creating " + pool + ": " + ByteSize.forPeople(written) + " of " + ByteSize.forPeople(bytes));
                err.flush();
            }
        };
    }

    private void announce(final ServedPool served) {
        final Blade blade = served.blade();
        final PrintWriter out = spec.commandLine().getOut();
        final long recoveryMs = TimeUnit.NANOSECONDS.toMillis(blade.recoveryNs());
        if (json) {
            final Map<String, Object> line = new LinkedHashMap<>();
            line.put("status", "ready");
            line.put("pool", pool.toString());
            line.put("pid", ProcessHandle.current().pid());
            line.put("poolId", blade.superblock().poolId().toString());
            line.put("incarnation", blade.superblock().incarnation());
            line.put("capacity", blade.geometry().capacity());
            line.put("recoveryMs", recoveryMs);
            if (served.remote() != null) {
                line.put("address", served.remote());
            }
            Json.print(out, line);
        } else {
            out.println("ready: serving " + pool + " ("
                    + ByteSize.forPeople(blade.geometry().capacity())
                    + ", incarnation " + blade.superblock().incarnation() + "), recovered in " + recoveryMs
                    + " ms; workers attach with " + served.addresses());
            out.flush();
        }
    }
}
