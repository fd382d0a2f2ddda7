package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Which requests a batch posts, with which flags, and what it makes of their completions. */
class BatchTest {
    private static final int SEGMENT = 64;
    private static final long BASE = 1L << 30;

    private final Recorder endpoint = new Recorder();
    private final UnsafeBuffer target = new UnsafeBuffer(new byte[4 << 20]);
    private final RemoteMemory memory = new RemoteMemory(BASE, 4 * SEGMENT, SEGMENT, new int[] {10, 11, 12, 13});
    private boolean lost;

    private Batch batch() throws IOException {
        return new Batch(endpoint, memory, () -> lost);
    }

    @Test
    void shouldFenceWhatARepeatedReadWouldSeeWhenVerbsFollowAReadOrAnAtomic() throws IOException {
        try (Batch batch = batch()) {
            batch.write(0, target, 0, 8);
            batch.compareAndSwap(8, 1, 2, target, 0); // a write before it: no fence
            batch.read(0, target, 0, 8); // an atomic is not repeated
            batch.read(8, target, 0, 8);
            batch.fetchAndAdd(16, 1, target, 0); // fence: reads before it
            batch.compareAndSwap(8, 1, 2, target, 0);
            batch.write(24, target, 0, 8); // fence: atomics before it
            batch.write(32, target, 0, 8);
            batch.complete();
            assertThat(endpoint.flags).containsExactly(0, 0, 0, 0, 1, 0, 1, 2);
            assertThat(batch.takeRoundTrips()).isEqualTo(3);
            assertThat(batch.takeRoundTrips()).isZero();
        }
    }

    @Test
    void shouldUseEachSegmentsKeyWhenARangeCrossesSegments() throws IOException {
        try (Batch batch = batch()) {
            batch.write(SEGMENT - 4, target, 0, SEGMENT + 8);
            batch.complete();
            assertThat(endpoint.remote).containsExactly(BASE + SEGMENT - 4, BASE + SEGMENT, BASE + 2 * SEGMENT);
            assertThat(endpoint.lengths).containsExactly(4, SEGMENT, 4);
            assertThat(endpoint.keys).containsExactly(10, 11, 12);
        }
    }

    @Test
    void shouldPostSeveralListsWhenTheRequestsAreMoreThanAQueueHolds() throws IOException {
        try (Batch batch = batch()) {
            for (int i = 0; i < Transport.Endpoint.MAX_REQUESTS + 1; i++) {
                batch.fetchAndAdd(0, 1, target, 8 * i);
            }
            assertThat(endpoint.posts).isEqualTo(1);
            batch.complete();
            assertThat(endpoint.posts).isEqualTo(2);
            assertThat(batch.takeRoundTrips()).isEqualTo(2);
            batch.complete();
            assertThat(endpoint.posts).as("nothing to post").isEqualTo(2);
        }
    }

    @Test
    void shouldPostSeveralListsWhenTheBytesAreMoreThanItsMemoryHolds() throws IOException {
        final int length = (2 << 20) + 5;
        final RemoteMemory large = new RemoteMemory(BASE, 8 << 20, 8 << 20, new int[] {1});
        try (Batch batch = new Batch(endpoint, large, () -> false)) {
            batch.write(3, target, 0, length);
            batch.complete();
            assertThat(endpoint.lengths.stream().mapToInt(each -> each).sum()).isEqualTo(length);
            assertThat(endpoint.posts).isEqualTo(3);
        }
    }

    @Test
    void shouldSayWhyWhenARequestFails() throws IOException {
        try (Batch batch = batch()) {
            endpoint.status = WorkCompletion.RETRIES_EXCEEDED;
            batch.read(0, target, 0, 8);
            assertThatThrownBy(batch::complete).isInstanceOf(IOException.class).hasMessageContaining("did not answer");
        }
    }

    @Test
    void shouldGiveUpWhenTheSessionIsLostAndNoCompletionComes() throws IOException {
        try (Batch batch = batch()) {
            endpoint.completes = false;
            lost = true;
            batch.read(0, target, 0, 8);
            assertThatThrownBy(batch::complete).isInstanceOf(IOException.class).hasMessageContaining("closed");
        }
    }

    /** Executes nothing. */
    private static final class Recorder implements Transport.Endpoint {
        final List<Integer> flags = new ArrayList<>();
        final List<Long> remote = new ArrayList<>();
        final List<Integer> keys = new ArrayList<>();
        final List<Integer> lengths = new ArrayList<>();
        int posts;
        int status = WorkCompletion.SUCCESS;
        boolean completes = true;
        private boolean isPosted;

        @Override
        public MemoryKey register(final long address, final int length, final int access) {
            return new MemoryKey(1, 2, 3);
        }

        @Override
        public void deregister(final MemoryKey key) {
            assertThat(key.handle()).isEqualTo(1);
        }

        @Override
        public void post(final long address) {
            posts++;
            isPosted = true;
            for (long at = address; at != 0; at = UnsafeApi.getLong(at + 8)) {
                flags.add(UnsafeApi.getInt(at + 32));
                remote.add(UnsafeApi.getLong(at + 40));
                keys.add(UnsafeApi.getInt(at + 48));
                lengths.add(UnsafeApi.getInt(at + 136));
            }
        }

        @Override
        public int poll(final long address, final int room) {
            if (!isPosted || !completes) {
                return 0;
            }
            isPosted = false;
            final UnsafeBuffer completion = new UnsafeBuffer(ByteBuffer.allocateDirect(WorkCompletion.BYTES));
            completion.putInt(WorkCompletion.STATUS_OFFSET, status);
            UnsafeApi.copyMemory(completion.addressOffset(), address, WorkCompletion.BYTES);
            return 1;
        }

        @Override
        public void close() {
            completes = false;
        }
    }
}
