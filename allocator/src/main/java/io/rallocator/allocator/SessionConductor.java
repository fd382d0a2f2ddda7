package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.SessionFencedException;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.SystemEpochClock;

/**
 * The background duty of a session: follows and advances the global epoch, announces it once the operations of the older
 * one are through and their marks written, beats the heart, and notices being fenced.
 *
 * <p>Threads: its own. Its figures are read by any.
 */
final class SessionConductor implements Agent {
    private static final Operation ANNOUNCE = Operation.named("epoch.announce");
    private static final Operation WATCH = Operation.named("session.watch");
    private static final long HEARTBEAT_MS = 100;
    private static final int EPOCHS_BETWEEN_TENDING = 8;
    private static final int SWEEPS_AFTER_A_DROP = 3;

    private final WorkerSession session;
    private final QueuePair queuePair;
    private final Chain chain;
    private final EpochAdvancer advancer;
    private final long lineOffset;
    private final long activeWord;
    private long announced;
    private long tended;
    private long lastHeartbeatMs;
    private long drops;
    private int sweepsDue;
    private EpochClock clock = SystemEpochClock.INSTANCE;
    private volatile long globalEpoch;
    private volatile long orphanCount;
    private volatile boolean hasPeers;

    SessionConductor(final WorkerSession session, final QueuePair queuePair, final Chain chain, final long epoch) {
        this.session = session;
        this.queuePair = queuePair;
        this.chain = chain;
        this.advancer = new EpochAdvancer(session.geometry(), chain);
        this.lineOffset = session.geometry().sessionOffset(session.index());
        this.activeWord = SessionDescriptor.stateWord(SessionDescriptor.ACTIVE, session.incarnation());
        this.announced = epoch;
        this.tended = epoch;
        this.globalEpoch = epoch;
        this.drops = readWord(PoolGeometry.dropsOffset());
        this.hasPeers =
                !session.isSynchronous(); // who does not look at the other sessions takes it that there are some
        watch();
    }

    @Override
    public int doWork() {
        try {
            return duty();
        } catch (final SessionFencedException e) {
            session.fence(
                    e.getMessage()); // the blade is out of reach: operations get to know before they post anything
        } catch (final PoolUnavailableException e) {
            if (session.isSynchronous()) {
                throw e; // and try again
            }
            session.fence(e.getMessage());
        }
        return 0;
    }

    private int duty() {
        final long epoch = session.isSynchronous() ? advancer.tick() : advancer.follow(session.index());
        globalEpoch = epoch;
        if (advancer.activeSessions() > 1) {
            hasPeers = true;
        }
        if (advancer.stateWord(session.index()) != activeWord) {
            session.fence("session " + session.index() + " of " + session.poolName()
                    + " was declared dead while this process was away; open a new heap");
            return 0;
        }
        if (session.isFenced()) {
            return 0; // what an interrupted operation named must not be reused before recovery has decided about it
        }
        if (advancer.drops() != drops) {
            onDrops(advancer.drops());
        }
        if (epoch > session.localEpoch()) {
            session.localEpoch(epoch); // after what was dropped before it is known
        }
        if (announced < session.localEpoch() && olderOperationsAreThrough() && !session.isFenced()) {
            announce();
            tend();
        }
        watch();
        return 0; // an epoch a millisecond is plenty: always idle before the next
    }

    /** Looks what is gone before the next epoch is used, and then, a few times, for the memory that comes back. */
    private void onDrops(final long count) {
        session.dropListener().onDrop(this::readWord);
        drops = count;
        sweepsDue = SWEEPS_AFTER_A_DROP;
        hasPeers = true; // the blade marks blocks of our slabs
    }

    private long readWord(final long offset) {
        final int verb = chain.readWord(offset);
        chain.post(WATCH);
        return chain.result(verb);
    }

    /** I11: what an operation of the older epoch owes is durable before the newer epoch is announced. */
    private boolean olderOperationsAreThrough() {
        final long epoch = session.localEpoch();
        boolean through = true;
        for (final Lane lane : session.lanes()) {
            final long state = lane.state.get();
            if (state != Lane.IDLE && Lane.epochOf(state) < epoch) {
                through &= lane.settleIfIdle();
            }
        }
        return through;
    }

    private void announce() {
        final long epoch = session.localEpoch();
        chain.writeWord(lineOffset + SessionDescriptor.EPOCH_OFFSET, CheckedWord.of(epoch))
                .persist()
                .post(ANNOUNCE);
        announced = epoch;
    }

    /** Lanes that nobody uses any more give back what they freed, and all of them what the blade freed. */
    private void tend() {
        if (announced >= tended + EPOCHS_BETWEEN_TENDING) {
            tended = announced;
            for (final Lane lane : session.lanes()) {
                lane.reclaimIfIdle();
            }
            if (sweepsDue > 0) {
                sweepsDue--;
                session.sweepLanes();
            }
        }
    }

    /** For a simulated machine, whose time is its own. */
    void clock(final EpochClock time) {
        clock = time;
        lastHeartbeatMs = time.time();
    }

    private void watch() {
        final int orphans = chain.readWord(PoolGeometry.orphansOffset());
        final long now = clock.time();
        if (now - lastHeartbeatMs >= HEARTBEAT_MS) {
            lastHeartbeatMs = now;
            chain.writeWord(lineOffset + SessionDescriptor.HEARTBEAT_OFFSET, CheckedWord.of(now));
        }
        chain.post(WATCH);
        orphanCount = chain.result(orphans);
    }

    long globalEpoch() {
        return globalEpoch;
    }

    long orphanCount() {
        return orphanCount;
    }

    boolean hasPeers() {
        return hasPeers;
    }

    @Override
    public void onClose() {
        queuePair.close();
    }

    @Override
    public String roleName() {
        return "rallocator-session-" + session.index();
    }
}
