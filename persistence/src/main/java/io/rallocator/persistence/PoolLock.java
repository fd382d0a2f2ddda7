package io.rallocator.persistence;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * A lock that the kernel drops when its process dies, however it dies: the authority on who is alive on this host. The
 * files stand in the folder {@code POOL.locks} beside the pool: {@code blade.lock}, {@code serving.lock} or {@code device.lock}, and one
 * {@code session-N.lock} a session.
 *
 * <p>Closing any channel of a locked file drops the lock of the whole process, so each file is opened at most once in a
 * JVM: a table of the held ones is asked first.
 *
 * <p>Threads: any.
 */
public final class PoolLock implements AutoCloseable {
    private static final Map<Path, PoolLock> HELD = new HashMap<>();

    private final Path path;
    private final FileChannel channel;

    private PoolLock(final Path path, final FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * The lock file of a pool's blade.
     *
     * @param pool file of the pool
     * @return path
     */
    public static Path bladeLock(final Path pool) {
        return folder(pool).resolve("blade.lock");
    }

    /**
     * The lock file of a blade that has recovered its pool.
     *
     * @param pool file of the pool
     * @return path
     */
    public static Path servingLock(final Path pool) {
        return folder(pool).resolve("serving.lock");
    }

    /**
     * The lock file of a blade whose pool is changed by a device: workers of this host stay out, since its atomics and theirs are not
     * atomic with each other (I3).
     *
     * @param pool file of the pool
     * @return path
     */
    public static Path deviceLock(final Path pool) {
        return folder(pool).resolve("device.lock");
    }

    /**
     * The lock file of a session.
     *
     * @param pool file of the pool
     * @param session 0 …
     * @return path
     */
    public static Path sessionLock(final Path pool, final int session) {
        return folder(pool).resolve("session-" + session + ".lock");
    }

    /**
     * The folder of a pool's lock files.
     *
     * @param pool file of the pool
     * @return path
     */
    public static Path folder(final Path pool) {
        try {
            final Path real = pool.toRealPath();
            return real.resolveSibling(real.getFileName() + ".locks");
        } catch (final IOException e) {
            throw new PoolUnavailableException("cannot find " + pool + ": " + e.getMessage(), e);
        }
    }

    /**
     * Takes a lock if it is free.
     *
     * @param path from {@link #bladeLock}, {@link #servingLock}, {@link #deviceLock} or {@link #sessionLock}
     * @return the lock, or null if someone alive holds it (this JVM included)
     * @throws PoolUnavailableException if the file cannot be created or locked
     */
    public static PoolLock tryAcquire(final Path path) {
        synchronized (HELD) {
            if (HELD.containsKey(path)) {
                return null;
            }
            try {
                return lock(path);
            } catch (final IOException e) {
                throw new PoolUnavailableException(
                        "cannot lock " + path + ": " + e.getMessage() + "; the pool's folder must be writable", e);
            }
        }
    }

    private static PoolLock lock(final Path path) throws IOException {
        Files.createDirectories(path.getParent());
        final FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        final FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (final OverlappingFileLockException e) {
            // Another class loader of this JVM holds it: closing the channel would drop that lock, so it stays open.
            return null;
        } catch (final IOException e) {
            channel.close();
            throw e;
        }
        if (lock == null) {
            channel.close();
            return null;
        }
        final PoolLock held = new PoolLock(path, channel);
        HELD.put(path, held);
        return held;
    }

    /** Gives the lock back. Idempotent. */
    @Override
    public void close() {
        synchronized (HELD) {
            if (HELD.remove(path, this)) {
                try {
                    channel.close();
                } catch (final IOException e) {
                    throw new PoolUnavailableException("cannot release " + path + ": " + e.getMessage(), e);
                }
            }
        }
    }
}
