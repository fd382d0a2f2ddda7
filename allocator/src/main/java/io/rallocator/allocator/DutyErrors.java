package io.rallocator.allocator;

import java.util.concurrent.TimeUnit;
import org.agrona.ErrorHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs what a background duty throws. A duty that fails at every turn is logged when the failure changes and once a
 * minute, not a thousand times a second. If there is not even memory to log it, it is only counted: what is thrown here would end the duty.
 *
 * <p>Threads: the duty's.
 */
final class DutyErrors implements ErrorHandler {
    private static final Logger LOGGER = LoggerFactory.getLogger(DutyErrors.class);
    private static final long REPEAT_NS = TimeUnit.MINUTES.toNanos(1);

    private final String duty;
    private String last;
    private long lastNs;
    private long suppressed;

    DutyErrors(final String duty) {
        this.duty = duty;
    }

    @Override
    public void onError(final Throwable error) {
        try {
            log(error);
        } catch (final OutOfMemoryError e) {
            suppressed++;
        }
    }

    private void log(final Throwable error) {
        final long now = System.nanoTime();
        final String what = error.toString();
        if (what.equals(last) && now - lastNs < REPEAT_NS) {
            suppressed++;
            return;
        }
        LOGGER.error("{} failed ({} repetitions of the last failure were not logged)", duty, suppressed, error);
        last = what;
        lastNs = now;
        suppressed = 0;
    }
}
