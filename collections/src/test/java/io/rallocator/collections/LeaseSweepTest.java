package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A consumer dies, or sleeps, before each verb of a history in turn, while another one polls and receives. Every element is dealt with once: none is
 * lost, but for the one that a dead consumer was just polling or acknowledging, and none is dealt with twice.
 */
@Timeout(300)
class LeaseSweepTest {
    private static final int SINGLES = SimulatedWorker.SLOTS + 3;
    private static final int BATCHED = 6;

    private static SimulatedPool pool;

    @BeforeAll
    static void open() {
        pool = new SimulatedPool();
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    /** What was offered, and what became of it. */
    private static final class Account {
        private final List<Integer> offered = new ArrayList<>();
        private final List<Integer> done = new ArrayList<>();

        /** What a poll or an acknowledgement under way may have taken: so many. */
        private int mayBeGone;

        void fill(final SimulatedWorker worker) {
            final List<Integer> batch =
                    IntStream.range(100, 100 + BATCHED).boxed().toList();
            pool.agentTurn();
            worker.queue.addAll(batch);
            offered.addAll(batch);
            for (int i = 0; i < SINGLES; i++) {
                pool.agentTurn();
                worker.queue.add(i);
                offered.add(i);
            }
        }

        Lease<Integer> receive(final SimulatedWorker worker) {
            pool.agentTurn();
            return worker.queue.tryReceive();
        }

        void acknowledge(final Lease<Integer> lease) {
            if (lease != null) {
                mayBeGone++;
                pool.agentTurn();
                if (lease.acknowledge()) {
                    done.add(lease.element());
                }
                mayBeGone--;
            }
        }

        void release(final Lease<Integer> lease) {
            if (lease != null) {
                pool.agentTurn();
                lease.release();
            }
        }

        void poll(final SimulatedWorker worker) {
            mayBeGone++;
            pool.agentTurn();
            final Integer element = worker.queue.poll();
            if (element != null) {
                done.add(element);
            }
            mayBeGone--;
        }

        /** Receives, polls, acknowledges and releases across batches and segments; ends with leases that it holds. */
        void consume(final SimulatedWorker worker) {
            final List<Lease<Integer>> held = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                held.add(receive(worker));
                poll(worker);
                acknowledge(receive(worker));
                release(receive(worker));
            }
            acknowledge(held.get(1));
            acknowledge(receive(worker));
        }

        void consumeAll(final SimulatedWorker worker) {
            for (Lease<Integer> lease = receive(worker); lease != null; lease = receive(worker)) {
                acknowledge(lease);
            }
        }

        void verify(final String what) {
            final Set<Integer> different = new HashSet<>(done);
            assertThat(different).as(what).hasSize(done.size());
            assertThat(offered).as(what).containsAll(done);
            assertThat(offered.size() - done.size()).as(what).isBetween(0, mayBeGone);
        }
    }

    @Test
    void shouldRedeliverWhatADeadConsumerHeldAndLoseNothing() {
        long verbs = 0;
        boolean died = true;
        for (long crashAt = 0; died; crashAt++) {
            final String what = "died before verb " + crashAt;
            pool.restart();
            final Account account = new Account();
            account.fill(new SimulatedWorker(pool.open("producer"), pool::agentTurn, false));
            final SimulatedPool.Victim victim = pool.victim(crashAt, false);
            died = victim.run(() -> account.consume(new SimulatedWorker(victim.open(), pool::agentTurn, false)));
            final int gone = account.mayBeGone;
            final SimulatedWorker other = new SimulatedWorker(pool.open("other"), pool::agentTurn, false);
            if (crashAt % 2 == 0) {
                account.consume(other); // with no recovery yet
            }
            pool.turns(12);
            account.consumeAll(other);
            if (crashAt % 3 == 0) {
                pool.turns(12);
                account.consumeAll(other);
            }
            account.mayBeGone = gone;
            giveBack(account, other.session, what);
            pool.check(what);
            verbs = crashAt;
        }
        assertThat(verbs).isGreaterThan(60);
    }

    /** What the others still hold is given back at the end of their sessions. */
    private static void giveBack(final Account account, final WorkerSession holder, final String what) {
        final int gone = account.mayBeGone;
        pool.end(holder);
        final SimulatedWorker last = new SimulatedWorker(pool.open("last"), pool::agentTurn, false);
        account.consumeAll(last);
        account.mayBeGone = gone;
        account.verify(what);
    }

    private static void sleepEverywhere(final Consumer<SimulatedWorker> meanwhile, final Account[] holder) {
        long pauseAt = 0;
        boolean slept;
        do {
            final String what = "slept before verb " + pauseAt;
            pool.restart();
            final Account account = new Account();
            holder[0] = account;
            final WorkerSession awake = pool.open("awake");
            final SimulatedWorker other = new SimulatedWorker(awake, pool::agentTurn, false);
            account.fill(other);
            final WorkerSession session = pool.openSleeper(pauseAt, () -> {
                meanwhile.accept(other);
                for (int i = 0; i < 4; i++) {
                    pool.turn(awake);
                }
            });
            account.consume(new SimulatedWorker(session, pool::agentTurn, false));
            slept = pool.hasSlept();
            if (!slept) {
                meanwhile.accept(other);
            }
            pool.turns(6);
            pool.end(session);
            giveBack(account, awake, what);
            pool.check(what);
            pauseAt++;
        } while (slept);
        assertThat(pauseAt).isGreaterThan(60);
    }

    @Test
    void shouldDealWithEachElementOnceWhenAConsumerSleepsAndOthersReceive() {
        final Account[] account = new Account[1];
        sleepEverywhere(other -> account[0].consume(other), account);
    }

    @Test
    void shouldDealWithEachElementOnceWhenAConsumerSleepsAndOthersPollAcrossSegments() {
        final Account[] account = new Account[1];
        sleepEverywhere(
                other -> {
                    for (int i = 0; i < SINGLES + BATCHED; i++) {
                        account[0].poll(other);
                    }
                },
                account);
    }
}
