package io.rallocator.allocator;

import io.rallocator.allocator.Fabric.SessionLock;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.IntentDescriptor;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolInUseException;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SessionDescriptor;
import java.time.Instant;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Makes a line of the session table ours: the lock first, so that nobody takes us for dead; then the state; then who we
 * are; then the epoch. Reads what the line's last user left and the new one goes on from.
 *
 * <p>Threads: one.
 */
final class SessionClaim {
    private static final Operation OPEN = Operation.named("session.open");

    /** A session that was just closed or killed has its line back when the blade has recovered it. */
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(2);

    private final PoolGeometry geometry;
    private final Chain chain;
    private final long lineOffset;
    final SessionLock lock;
    final int session;
    final int incarnation;

    private SessionClaim(
            final PoolGeometry geometry,
            final Chain chain,
            final SessionLock lock,
            final int session,
            final int incarnation) {
        this.geometry = geometry;
        this.chain = chain;
        this.lineOffset = geometry.sessionOffset(session);
        this.lock = lock;
        this.session = session;
        this.incarnation = incarnation;
    }

    /**
     * Claims a free line, waiting a little if there is none. The least used one first: what became of the operations of a line's last
     * user can be asked for until the next user overwrites it (I10).
     */
    static SessionClaim any(final Fabric fabric, final Chain chain, final String name) {
        final PoolGeometry geometry = fabric.geometry();
        final UnsafeBuffer identity = identity(name, fabric.isSynchronous());
        final long from = System.nanoTime();
        do {
            for (final int session : leastUsedFirst(geometry, chain)) {
                final SessionClaim claim = tryClaim(fabric, chain, session, identity);
                if (claim != null) {
                    return claim;
                }
            }
            LockSupport.parkNanos(1_000_000);
        } while (System.nanoTime() - from < PATIENCE_NS);
        throw new PoolInUseException("all " + geometry.sessions() + " sessions of " + fabric.name()
                + " are in use; close one, or create the pool with more sessions");
    }

    private static int[] leastUsedFirst(final PoolGeometry geometry, final Chain chain) {
        final UnsafeBuffer lines = Lane.direct(geometry.sessions() * SessionDescriptor.BYTES);
        chain.read(geometry.sessionOffset(0), lines, 0, lines.capacity()).post(OPEN);
        return IntStream.range(0, geometry.sessions())
                .boxed()
                .sorted(Comparator.comparingInt(
                        session -> SessionDescriptor.incarnation(lines.getLong(session * SessionDescriptor.BYTES))))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static SessionClaim tryClaim(
            final Fabric fabric, final Chain chain, final int session, final UnsafeBuffer identity) {
        final PoolGeometry geometry = fabric.geometry();
        final long offset = geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET;
        final int verb = chain.readWord(offset);
        chain.post(OPEN);
        final long word = chain.result(verb);
        if (SessionDescriptor.state(word, offset) != SessionDescriptor.FREE) {
            return null;
        }
        final SessionLock lock = fabric.tryLock(session);
        if (lock == null) {
            return null;
        }
        try {
            final SessionClaim claim = tryClaim(geometry, chain, session, word, lock);
            if (claim == null) {
                lock.close();
            } else {
                claim.introduce(identity);
            }
            return claim;
        } catch (final RuntimeException e) {
            lock.close(); // if the line became ours, the blade recovers it
            throw e;
        }
    }

    private static SessionClaim tryClaim(
            final PoolGeometry geometry,
            final Chain chain,
            final int session,
            final long word,
            final SessionLock lock) {
        final int next = SessionDescriptor.incarnation(word) == SessionDescriptor.MAX_INCARNATION
                ? 1
                : SessionDescriptor.incarnation(word) + 1;
        final int swap = chain.compareAndSwap(
                geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET,
                word,
                SessionDescriptor.stateWord(SessionDescriptor.ACTIVE, next));
        chain.persist();
        chain.post(OPEN);
        return chain.result(swap) == word ? new SessionClaim(geometry, chain, lock, session, next) : null;
    }

    /** Who we are, as a line of the session table; fails before anything is claimed if the name is too long. */
    private static UnsafeBuffer identity(final String name, final boolean isSynchronous) {
        final UnsafeBuffer line = Lane.direct(SessionDescriptor.BYTES);
        final ProcessHandle self = ProcessHandle.current();
        line.putLong(SessionDescriptor.PID_OFFSET, isSynchronous ? self.pid() : -self.pid());
        line.putLong(
                SessionDescriptor.START_OFFSET,
                self.info().startInstant().map(Instant::toEpochMilli).orElse(0L));
        RootDescriptor.putText(
                line,
                SessionDescriptor.NAME_LENGTH_OFFSET,
                name,
                SessionDescriptor.MAX_NAME_BYTES,
                "the worker's name");
        line.putInt(SessionDescriptor.CRC_OFFSET, SessionDescriptor.identityCrc(line, 0));
        return line;
    }

    private void introduce(final UnsafeBuffer identity) {
        chain.write(
                        lineOffset + SessionDescriptor.PID_OFFSET,
                        identity,
                        SessionDescriptor.PID_OFFSET,
                        SessionDescriptor.BYTES - SessionDescriptor.PID_OFFSET)
                .writeWord(lineOffset + SessionDescriptor.HEARTBEAT_OFFSET, CheckedWord.of(System.currentTimeMillis()))
                .persist()
                .post(OPEN);
    }

    /**
     * Announces the current epoch. The line's old announcement holds the epoch back until then, so what we read stays
     * current.
     *
     * @return the epoch
     */
    long announceFirst() {
        final int verb = chain.readWord(PoolGeometry.epochOffset());
        chain.post(OPEN);
        final long word = chain.result(verb);
        final long epoch = CheckedWord.payload(word, "global epoch", PoolGeometry.epochOffset());
        chain.writeWord(lineOffset + SessionDescriptor.EPOCH_OFFSET, word)
                .persist()
                .post(OPEN);
        return epoch;
    }

    /** Where the next free request goes: recovery drained all that were there. */
    long freeHead() {
        final long offset = geometry.freeHeadOffset(session);
        final int verb = chain.readWord(offset);
        chain.post(OPEN);
        return CheckedWord.payload(chain.result(verb), "head of a free ring", offset);
    }

    /** The sequence after those that a lane's intents have. */
    long nextSequence(final int lane) {
        final UnsafeBuffer slots = Lane.direct(2 * IntentDescriptor.BYTES);
        chain.read(geometry.intentOffset(session, lane, 0), slots, 0, slots.capacity())
                .post(OPEN);
        long next = 1;
        for (int slot = 0; slot < 2; slot++) {
            final int at = slot * IntentDescriptor.BYTES;
            if (IntentDescriptor.isValid(slots, at)) {
                next = Math.max(next, slots.getLong(at + IntentDescriptor.SEQUENCE_OFFSET) + 1);
            }
        }
        return next;
    }
}
