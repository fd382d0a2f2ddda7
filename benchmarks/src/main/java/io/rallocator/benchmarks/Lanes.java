package io.rallocator.benchmarks;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import java.util.function.Function;

/** Does something with a lane, and again if the blade has to publish slabs first: for that nobody may hold the lane. */
final class Lanes {
    private Lanes() {}

    static <T> T with(final WorkerSession session, final Function<Lane, T> action) {
        for (int attempt = 0; ; attempt++) {
            OutOfRemoteMemoryException exhausted;
            final Lane lane = session.acquire();
            try {
                return action.apply(lane);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }
}
