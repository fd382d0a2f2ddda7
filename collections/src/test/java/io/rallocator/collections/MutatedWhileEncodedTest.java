package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Keys and values that another thread or their own codec changes while an operation uses them: what is stored is what the codec
 * saw, or there is a clear error; no block is torn, no key is lost.
 */
@Timeout(120)
class MutatedWhileEncodedTest {
    private TestPool pool;
    private RemoteHeap heap;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(16);
        heap = pool.embedded();
    }

    @AfterEach
    void check() {
        heap.close();
        pool.check();
        pool.close();
    }

    /** Byte arrays, and what a codec should not do. */
    private abstract static class BytesOf implements Codec<byte[]> {
        @Override
        public String id() {
            return "bytes";
        }

        @Override
        public byte[] decode(final DirectBuffer source, final int index, final int length) {
            return Codecs.bytes().decode(source, index, length);
        }
    }

    /** Changes the object after it has written it, as often as it is called. */
    private static final class Mutating extends BytesOf {
        @Override
        public int encode(final byte[] value, final MutableDirectBuffer target, final int index) {
            final int length = Codecs.bytes().encode(value, target, index);
            value[0]++;
            return length;
        }
    }

    /** Writes something longer each time, whatever the object is. */
    private static final class Unsteady extends BytesOf {
        private int calls;

        @Override
        public int encode(final byte[] value, final MutableDirectBuffer target, final int index) {
            final byte[] written = new byte[value.length + 300 * ++calls];
            Arrays.fill(written, (byte) calls);
            return Codecs.bytes().encode(written, target, index);
        }
    }

    /** Keeps the target that it should not keep. */
    private static final class Keeping extends BytesOf {
        private MutableDirectBuffer kept;
        private int at;

        @Override
        public int encode(final byte[] value, final MutableDirectBuffer target, final int index) {
            kept = target;
            at = index;
            return Codecs.bytes().encode(value, target, index);
        }
    }

    @Test
    void shouldStoreWhatTheCodecSawWhenItChangesTheObject() {
        final RemoteMap<byte[], byte[]> map = heap.map("map", new Mutating(), new Mutating());
        final RemoteQueue<byte[]> queue = heap.queue("queue", new Mutating());
        final RemoteArray<byte[]> array = heap.array("array", new Mutating(), 2);
        for (final int length : new int[] {1, 600, 20_000}) {
            final byte[] object = new byte[length];
            map.put(new byte[] {1}, object);
            map.merge(new byte[] {1}, object, (old, value) -> value);
            map.compute(new byte[] {2}, (key, old) -> object);
            queue.add(object);
            array.set(0, object);
            assertThat(array.compareAndSet(0L, object, object)).isFalse(); // its codec says that they differ
            assertThat(object[0]).isEqualTo((byte) 7);
            assertThat(map.get(new byte[] {1})[0]).isEqualTo((byte) 1);
            assertThat(map.get(new byte[] {2})[0]).isEqualTo((byte) 2);
            assertThat(queue.poll()[0]).isEqualTo((byte) 3);
            assertThat(array.get(0)[0]).isEqualTo((byte) 4);
        }
        assertThat(map).hasSize(2);
    }

    @Test
    void shouldStoreOneWholeEncodingWhenACodecWritesSomethingElseEachTime() {
        final RemoteMap<byte[], byte[]> map = heap.map("map", Codecs.bytes(), new Unsteady());
        final RemoteQueue<byte[]> queue = heap.queue("queue", new Unsteady());
        final RemoteArray<byte[]> array = heap.array("array", new Unsteady(), 2);
        final byte[] key = {1};
        for (int i = 0; i < 20; i++) {
            map.put(key, new byte[1]);
            map.merge(key, new byte[2], (old, value) -> value);
            map.putAll(Map.of(new byte[] {2}, new byte[3], new byte[] {3}, new byte[4]));
            assertThat(map.replace(key, new byte[1], new byte[1])).isFalse();
            queue.addAll(List.of(new byte[1], new byte[2], new byte[3]));
            array.set(0, new byte[5]);
            assertThat(array.compareAndSet(0L, new byte[5], new byte[5])).isFalse();
        }
        map.values().forEach(MutatedWhileEncodedTest::assertOneEncoding);
        queue.forEach(MutatedWhileEncodedTest::assertOneEncoding);
        assertOneEncoding(array.get(0));
        assertThat(map).hasSize(3);
        assertThat(queue).hasSize(60);
    }

    private static void assertOneEncoding(final byte[] stored) {
        for (final byte each : stored) {
            assertThat(each).isEqualTo(stored[0]);
        }
    }

    @Test
    void shouldRefuseAKeyWhenItsBytesChangedAfterItsCodecWroteThem() {
        final Keeping keys = new Keeping();
        final Codec<byte[]> values = new BytesOf() {
            @Override
            public int encode(final byte[] value, final MutableDirectBuffer target, final int index) {
                keys.kept.putByte(keys.at, (byte) 99);
                return Codecs.bytes().encode(value, target, index);
            }
        };
        final RemoteMap<byte[], byte[]> map = heap.map("map", keys, values);
        heap.map("map", Codecs.bytes(), Codecs.bytes()).put(new byte[] {5}, new byte[] {50});
        for (final byte first : new byte[] {1, 5}) {
            assertThatThrownBy(() -> map.put(new byte[] {first}, new byte[700]))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("the bytes of a key, of hash 0x")
                    .hasMessageContaining("a codec must keep no reference to the target");
        }
        assertThat(map.keySet()).hasSize(1).allMatch(key -> key[0] == 5);
        assertThat(map.get(new byte[] {5})).containsExactly(50);
    }

    @Test
    void shouldLetNobodyWriteAValueAnyMoreWhenItsWriterReturned() {
        final RemoteMap<byte[], byte[]> map = heap.map("map", Codecs.bytes(), Codecs.bytes());
        final MutableDirectBuffer[] kept = new MutableDirectBuffer[1];
        for (final int length : new int[] {8, 5_000}) {
            map.write(new byte[] {1}, length, (buffer, offset, bytes) -> kept[0] = buffer);
            assertThat(kept[0].capacity()).isZero();
            assertThatThrownBy(() -> kept[0].putByte(0, (byte) 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(map.get(new byte[] {1})).isEqualTo(new byte[length]);
        }
    }

    // ---- byte buffers, whose position and limit are two words

    @Test
    void shouldSayThatAByteBufferMovedWhenItDidWhileItWasEncoded() {
        final ByteBuffer buffer = ByteBuffer.allocate(64);
        for (final Runnable move : List.<Runnable>of(
                () -> buffer.limit(8),
                () -> buffer.position(8),
                () -> buffer.limit(60).position(30))) {
            buffer.limit(64).position(4);
            final ExpandableArrayBuffer target = new ExpandableArrayBuffer() {
                @Override
                public void checkLimit(final int limit) { // asked for once the length is known
                    super.checkLimit(limit);
                    move.run();
                }
            };
            assertThatThrownBy(() -> Codecs.byteBuffer().encode(buffer, target, 0))
                    .satisfiesAnyOf(
                            thrown -> assertThat(thrown)
                                    .isInstanceOf(ConcurrentModificationException.class)
                                    .hasMessageContaining("changed while codec bytes encoded it; encode a duplicate()"),
                            thrown -> assertThat(thrown).isInstanceOf(IndexOutOfBoundsException.class));
        }
    }

    /** Two windows of the same bytes: what is stored is one of them, and the rest was refused. */
    @Test
    void shouldStoreOneOfTheWindowsWhenAnotherThreadMovesAByteBuffer() throws InterruptedException {
        final RemoteMap<Integer, ByteBuffer> map = heap.map("map", Codecs.ints(), Codecs.byteBuffer());
        final ByteBuffer buffer = ByteBuffer.allocate(3_000);
        final AtomicBoolean ended = new AtomicBoolean();
        final Callable<Boolean> mover = () -> {
            while (!ended.get()) {
                buffer.limit(1_000).position(0);
                buffer.limit(3_000).position(1_000);
                buffer.position(0);
            }
            return true;
        };
        final Callable<Boolean> putter = () -> {
            try {
                for (int i = 0; i < 20_000; i++) {
                    putOrBeRefused(map, buffer, i % 100);
                }
            } finally {
                ended.set(true);
            }
            return true;
        };
        Workers.run(List.of(mover, putter));
        map.values().forEach(stored -> assertThat(stored.remaining()).isIn(1_000, 2_000, 3_000, 0));
    }

    private static void putOrBeRefused(
            final RemoteMap<Integer, ByteBuffer> map, final ByteBuffer buffer, final int key) {
        try {
            map.set(key, buffer);
        } catch (final ConcurrentModificationException | IndexOutOfBoundsException e) {
            assertThat(map.delete(key) || !map.containsKey(key)).isTrue();
        }
    }

    /** Each stored array is a mixture of what was there at most, whole by its checksum, of the right length. */
    @Test
    void shouldTearNoBlockWhenAnotherThreadWritesIntoTheArraysThatArePut() throws InterruptedException {
        final byte[] value = new byte[2_000];
        final byte[] key = new byte[8];
        final RemoteMap<byte[], byte[]> map = heap.map("map", Codecs.bytes(), Codecs.bytes());
        final RemoteQueue<byte[]> queue = heap.queue("queue", Codecs.bytes());
        final RemoteArray<byte[]> array = heap.array("array", Codecs.bytes(), 10);
        final AtomicBoolean ended = new AtomicBoolean();
        final Callable<Boolean> writer = () -> {
            for (int i = 0; !ended.get(); i++) {
                Arrays.fill(value, (byte) (i & 7));
                key[0] = (byte) (i & 7);
            }
            return true;
        };
        final Callable<Boolean> putter = () -> {
            try {
                for (int i = 0; i < 3_000; i++) {
                    map.put(key, value);
                    map.merge(key, value, (old, offered) -> offered);
                    queue.add(value);
                    array.set(i % 10, value);
                    assertThat(queue.poll()).hasSize(2_000);
                }
            } finally {
                ended.set(true);
            }
            return true;
        };
        Workers.run(List.of(writer, putter));
        assertThat(map.sizeLong()).isBetween(1L, 8L);
        for (final byte[] stored : map.keySet()) {
            assertThat(map.get(stored)).hasSize(2_000); // it is where its hash says
            assertThat(stored[0]).isBetween((byte) 0, (byte) 7);
        }
    }
}
