package io.rallocator.allocator.tcp;

import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs whom the blade refused and why, but no more than a few a second: who attacks must not fill the disk. All are counted in
 * {@link BladeCounters}.
 *
 * <p>Threads: any.
 */
final class RefusalLog {
    private static final Logger LOGGER = LoggerFactory.getLogger(RefusalLog.class);
    private static final long WINDOW_NS = TimeUnit.SECONDS.toNanos(1);
    private static final int MOST_IN_A_WINDOW = 10;

    private long windowNs = System.nanoTime();
    private int inWindow;

    synchronized void refused(final SocketAddress who, final String why) {
        final long now = System.nanoTime();
        if (now - windowNs > WINDOW_NS) {
            if (inWindow > MOST_IN_A_WINDOW) {
                LOGGER.warn("refused {} more in the same second", inWindow - MOST_IN_A_WINDOW);
            }
            windowNs = now;
            inWindow = 0;
        }
        if (++inWindow <= MOST_IN_A_WINDOW) {
            LOGGER.warn("refused {}: {}", who, why);
        }
    }
}
