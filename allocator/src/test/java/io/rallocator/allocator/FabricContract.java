package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.HeapClosedException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every fabric promises, whatever carries the verbs: see {@link QueuePair}. */
@Timeout(60)
public abstract class FabricContract {
    /** Bytes of the region under test, all zero when a test begins. */
    protected static final int CAPACITY = 1 << 16;

    private static final Operation OPERATION = Operation.named("contract");
    private static final Operation OTHER = Operation.named("contract.other");
    private static final long WORD = 64;
    private static final long NEXT = 128;
    private static final int THREADS = 4;
    private static final int ROUNDS = 2_000;

    private QueuePair queuePair;
    private Chain chain;

    /** Makes the region, zeroed. */
    protected abstract void start() throws Exception;

    /** Makes another queue pair to the one region. */
    protected abstract QueuePair connect() throws Exception;

    /** Takes the region away. */
    protected abstract void stop() throws Exception;

    @BeforeEach
    void open() throws Exception {
        start();
        queuePair = connect();
        chain = new Chain(queuePair);
    }

    @AfterEach
    void close() throws Exception {
        queuePair.close();
        stop();
    }

    private long word(final long offset) {
        final int verb = chain.readWord(offset);
        chain.post(OPERATION);
        return chain.result(verb);
    }

    private void put(final long offset, final long value) {
        chain.writeWord(offset, value).persist().post(OPERATION);
    }

    @Test
    void shouldExecuteVerbsInTheirOrderWhenTheyShareAWord() {
        final int before = chain.readWord(WORD);
        chain.writeWord(WORD, 10);
        final int added = chain.fetchAndAdd(WORD, 5);
        final int swapped = chain.compareAndSwap(WORD, 15, 20);
        final int missed = chain.compareAndSwap(WORD, 15, 30);
        chain.persist();
        final int after = chain.readWord(WORD);
        chain.post(OPERATION);
        assertThat(chain.result(before)).isZero();
        assertThat(chain.result(added)).isEqualTo(10);
        assertThat(chain.result(swapped)).isEqualTo(15);
        assertThat(chain.result(missed)).isEqualTo(20);
        assertThat(chain.result(after)).isEqualTo(20);
    }

    @Test
    void shouldGoOnWithTheChainWhenASwapFails() {
        put(WORD, 1);
        final int missed = chain.compareAndSwap(WORD, 2, 3);
        chain.writeWord(NEXT, 4).post(OPERATION);
        assertThat(chain.result(missed)).isEqualTo(1);
        assertThat(word(WORD)).isEqualTo(1);
        assertThat(word(NEXT)).isEqualTo(4);
    }

    @Test
    void shouldMoveBytesOfAnyLengthAndNoOthersWhenTheyAreNotAligned() {
        for (final int length : new int[] {1, 7, 8, 9, 64, 4093, CAPACITY - 3}) {
            final UnsafeBuffer sent = new UnsafeBuffer(new byte[length + 2]);
            for (int i = 0; i < sent.capacity(); i++) {
                sent.putByte(i, (byte) (i * 31 + length));
            }
            final UnsafeBuffer whole = new UnsafeBuffer(new byte[CAPACITY]);
            final UnsafeBuffer got = new UnsafeBuffer(new byte[length + 2]);
            chain.write(0, whole, 0, CAPACITY)
                    .write(1, sent, 1, length)
                    .read(1, got, 1, length)
                    .read(0, whole, 0, CAPACITY)
                    .post(OPERATION);
            assertThat(got.getByte(0)).isZero();
            assertThat(got.getByte(length + 1)).isZero();
            sent.putByte(0, (byte) 0);
            sent.putByte(length + 1, (byte) 0);
            assertThat(got.byteArray()).isEqualTo(sent.byteArray());
            assertThat(whole.getByte(0)).isZero();
            assertThat(whole.getByte(length + 1)).isZero();
        }
    }

    @Test
    void shouldWriteOneByteAndNoOtherWhenAskedForAByte() {
        put(WORD, -1);
        chain.writeByte(WORD + 2, (byte) 0).post(OPERATION);
        assertThat(word(WORD)).isEqualTo(~0xFF0000L);
    }

    @Test
    void shouldAnswerLinksWithoutATagWhenTheyWereSwapped() {
        final int swapped = chain.swapLink(WORD, 0, 5);
        chain.persist();
        final int plain = chain.readWord(WORD); // before another verb on the link could take a tag off
        final int missed = chain.swapLink(WORD, 0, 6);
        final int read = chain.readLink(WORD);
        final UnsafeBuffer links = new UnsafeBuffer(new byte[16]);
        chain.readLinks(WORD, links, 0, 16).post(OPERATION);
        assertThat(chain.result(swapped)).isZero();
        assertThat(chain.result(missed)).isEqualTo(5);
        assertThat(chain.result(read)).isEqualTo(5);
        assertThat(links.getLong(0)).isEqualTo(5);
        assertThat(links.getLong(8)).isZero();
        assertThat(chain.result(plain)).as("the word after its PERSIST").isEqualTo(5);
    }

    @Test
    void shouldExecuteAChainThatIsFullWhenItHasMaxVerbs() {
        for (int i = 0; i < Chain.MAX_VERBS; i++) {
            assertThat(chain.fetchAndAdd(WORD, 1)).isEqualTo(i);
        }
        assertThatThrownBy(() -> chain.fetchAndAdd(WORD, 1)).isInstanceOf(IllegalStateException.class);
        chain.post(OPERATION);
        for (int i = 0; i < Chain.MAX_VERBS; i++) {
            assertThat(chain.result(i)).isEqualTo(i);
        }
    }

    @Test
    void shouldCountUnderTheOperationWhenChainsComplete() {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);
        chain.write(0, bytes, 0, 100).persist().read(0, bytes, 0, 40);
        chain.compareAndSwap(WORD, 7, 8);
        chain.post(OTHER);
        chain.compareAndSwap(WORD, 0, 8);
        chain.post(OTHER);
        final FabricCounters counters = queuePair.counters();
        assertThat(counters.get(OTHER, Figure.CHAINS)).isEqualTo(2);
        assertThat(counters.get(OTHER, Figure.WIRE_ROUND_TRIPS)).isGreaterThanOrEqualTo(2);
        assertThat(counters.get(OTHER, Figure.VERBS)).isEqualTo(5);
        assertThat(counters.get(OTHER, Figure.BYTES_IN)).isEqualTo(40);
        assertThat(counters.get(OTHER, Figure.BYTES_OUT)).isEqualTo(100);
        assertThat(counters.get(OTHER, Figure.PERSISTS)).isEqualTo(1);
        assertThat(counters.get(OTHER, Figure.CAS_FAILURES)).isEqualTo(1);
        assertThat(counters.get(OPERATION, Figure.CHAINS)).isZero();
    }

    @Test
    void shouldRefuseAndHarmNothingWhenAVerbLeavesTheRegion() {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[16]);
        for (final long offset : new long[] {-1, CAPACITY - 15, CAPACITY, Long.MAX_VALUE - 7, Long.MIN_VALUE}) {
            refuse(() -> chain.write(offset, bytes, 0, 16).post(OPERATION));
            refuse(() -> chain.read(offset, bytes, 0, 16).post(OPERATION));
        }
        for (final long offset : new long[] {-8, CAPACITY - 4, CAPACITY, WORD + 4}) {
            refuse(() -> {
                chain.fetchAndAdd(offset, 1);
                chain.post(OPERATION);
            });
            refuse(() -> {
                chain.compareAndSwap(offset, 0, 1);
                chain.post(OPERATION);
            });
        }
        final UnsafeBuffer whole = new UnsafeBuffer(new byte[CAPACITY]);
        chain.read(0, whole, 0, CAPACITY).post(OPERATION);
        assertThat(whole.byteArray()).isEqualTo(new byte[CAPACITY]);
    }

    /** A queue pair may be useless after an error, as on RDMA; the next one is not. */
    private void refuse(final Runnable post) {
        assertThatThrownBy(post::run).isInstanceOf(IndexOutOfBoundsException.class);
        reconnect();
    }

    private void reconnect() {
        queuePair.close();
        try {
            queuePair = connect();
        } catch (final Exception e) {
            throw new IllegalStateException(e);
        }
        chain = new Chain(queuePair);
    }

    @Test
    void shouldExecuteNothingAfterTheVerbThatIsRefused() {
        chain.writeWord(WORD, 1).writeWord(CAPACITY, 2).writeWord(NEXT, 3);
        refuse(() -> chain.post(OPERATION));
        assertThat(word(NEXT)).isZero();
    }

    @Test
    void shouldRefuseEveryChainWhenClosed() {
        final QueuePair other = queuePair;
        final Chain late = chain;
        reconnect();
        other.close();
        assertThatThrownBy(() -> late.writeWord(WORD, 1).post(OPERATION)).isInstanceOf(HeapClosedException.class);
        assertThat(word(WORD)).isZero();
    }

    @Test
    void shouldSeeWhatAnotherQueuePairWroteWhenItsChainCompleted() throws Exception {
        try (QueuePair other = connect()) {
            new Chain(other).writeWord(WORD, 9).post(OPERATION);
            assertThat(word(WORD)).isEqualTo(9);
        }
    }

    @Test
    void shouldLoseNoAdditionAndNoSwapWhenManyQueuePairsChangeOneWord() throws Exception {
        inParallel(own -> {
            for (int i = 0; i < ROUNDS; i++) {
                own.fetchAndAdd(WORD, 1);
                own.post(OPERATION);
                increment(own);
            }
        });
        assertThat(word(WORD)).isEqualTo(THREADS * ROUNDS);
        assertThat(word(NEXT)).isEqualTo(THREADS * ROUNDS);
    }

    private static void increment(final Chain own) {
        long expected = 0;
        for (; ; ) {
            final int swap = own.compareAndSwap(NEXT, expected, expected + 1);
            own.post(OPERATION);
            final long found = own.result(swap);
            if (found == expected) {
                return;
            }
            expected = found;
        }
    }

    /** What a chain wrote before a swap is there for whoever sees the swap, in a later verb of the same chain too. */
    @Test
    void shouldSeeTheWriteBeforeASwapWhenTheSwapIsSeen() throws Exception {
        inParallel(own -> {
            for (int i = 0; i < ROUNDS; i++) {
                final int published = own.readWord(WORD);
                final int written = own.readWord(NEXT);
                own.post(OPERATION);
                final long seen = own.result(published);
                assertThat(own.result(written)).isGreaterThanOrEqualTo(seen);
                own.compareAndSwap(NEXT, seen, seen + 1);
                own.compareAndSwap(WORD, seen, seen + 1);
                own.post(OPERATION);
            }
        });
        assertThat(word(WORD)).isPositive();
    }

    private interface Worker {
        void run(Chain own) throws Exception;
    }

    private void inParallel(final Worker worker) throws Exception {
        final CyclicBarrier begin = new CyclicBarrier(THREADS);
        final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            final List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                running.add(threads.submit(() -> {
                    try (QueuePair own = connect()) {
                        begin.await();
                        worker.run(new Chain(own));
                    }
                    return null;
                }));
            }
            for (final Future<?> each : running) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
            assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        }
    }
}
