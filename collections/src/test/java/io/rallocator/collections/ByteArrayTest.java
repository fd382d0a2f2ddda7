package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.WorkerSession;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An array of bytes against a {@code byte[]}. */
@Timeout(60)
class ByteArrayTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_302);
    private static final int LENGTH = 150_003;

    private final Random random = new Random(SEED);
    private final byte[] model = new byte[LENGTH];

    private byte[] randomBytes(final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private int lengthFrom(final int index) {
        final int most = random.nextInt(5) == 0 ? 60_000 : 40;
        return random.nextInt(Math.min(most, LENGTH - index) + 1);
    }

    private void step(final RemoteByteArray array) {
        final int index = random.nextInt(LENGTH);
        final int length = lengthFrom(index);
        final int shift = random.nextInt(9);
        switch (random.nextInt(9)) {
            case 0 -> {
                final byte[] source = randomBytes(shift + length);
                array.write(index, source, shift, length);
                System.arraycopy(source, shift, model, index, length);
            }
            case 1 -> {
                final UnsafeBuffer source = new UnsafeBuffer(randomBytes(shift + length + 1));
                array.write(index, source, shift, length);
                source.getBytes(shift, model, index, length);
            }
            case 2 -> scatter(array);
            case 3 -> gather(array);
            case 4 -> {
                final byte value = (byte) random.nextInt(3);
                array.fill(index, length, value);
                Arrays.fill(model, index, index + length, value);
            }
            case 5 -> {
                array.set(index, (byte) length);
                model[index] = (byte) length;
            }
            case 6 -> assertThat(array.get(index)).isEqualTo(model[index]);
            case 7 -> {
                final UnsafeBuffer target = new UnsafeBuffer(new byte[shift + length]);
                array.read(index, target, shift, length);
                verify(target.byteArray(), shift, index, length);
            }
            default -> {
                final byte[] target = new byte[shift + length];
                array.read(index, target, shift, length);
                verify(target, shift, index, length);
            }
        }
    }

    private Ranges randomRanges() {
        final Ranges ranges = new Ranges().add(5, 5).clear();
        for (int i = random.nextInt(200); i > 0; i--) {
            final int index = random.nextInt(LENGTH);
            ranges.add(index, lengthFrom(index));
        }
        return ranges;
    }

    private void scatter(final RemoteByteArray array) {
        final Ranges ranges = randomRanges();
        final byte[] source = randomBytes(3 + (int) ranges.bytes());
        array.write(ranges, new UnsafeBuffer(source), 3);
        int at = 3;
        for (int i = 0; i < ranges.count(); i++) {
            System.arraycopy(source, at, model, (int) ranges.index(i), ranges.length(i));
            at += ranges.length(i);
        }
    }

    private void gather(final RemoteByteArray array) {
        final Ranges ranges = randomRanges();
        final byte[] target = new byte[3 + (int) ranges.bytes()];
        array.read(ranges, new UnsafeBuffer(target), 3);
        int at = 3;
        for (int i = 0; i < ranges.count(); i++) {
            verify(target, at, (int) ranges.index(i), ranges.length(i));
            at += ranges.length(i);
        }
    }

    private void verify(final byte[] found, final int at, final int index, final int length) {
        assertThat(Arrays.mismatch(found, at, at + length, model, index, index + length))
                .as("seed %d, index %d", SEED, index)
                .isEqualTo(-1);
    }

    @Test
    void shouldBeAsAnArrayOfBytesWhenReopenedInTheMiddle() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            for (int round = 0; round < 3; round++) {
                try (RemoteHeap heap = pool.embedded()) {
                    final RemoteByteArray array = heap.byteArray("bytes", LENGTH);
                    assertThat(array.length()).isEqualTo(LENGTH);
                    for (int i = 0; i < 1_000; i++) {
                        step(array);
                    }
                    final byte[] all = new byte[LENGTH];
                    array.read(0, all, 0, LENGTH);
                    verify(all, 0, 0, LENGTH);
                }
                assertThat(pool.check().structures().get(0).elements()).isEqualTo(LENGTH);
            }
        }
    }

    @Test
    void shouldCrossExtentsWhenTheyAreSmallAndInDirectories() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded();
                    WorkerSession session = WorkerSession.attach(pool.file(), "small")) {
                final ArrayTable table = SmallExtents.create(
                        session, new StructureCatalog(session), "small", ArrayKind.BYTES, Codecs.bytes(), LENGTH);
                assertThat(table.layout().hasDirectories()).isTrue();
                final RemoteByteArray array = new PersistentByteArray(table);
                for (int i = 0; i < 500; i++) {
                    step(array);
                }
                final byte[] all = new byte[LENGTH];
                heap.byteArray("small").read(0, all, 0, LENGTH);
                verify(all, 0, 0, LENGTH);
            }
            pool.check();
        }
    }

    @Test
    void shouldReachBeyondTwoGibibytesWhenThePoolIsLargeAndSparse() {
        try (TestPool pool = TestPool.ofMebibytes(6 << 10)) {
            final long length = (5L << 30) + 3;
            final long border = 2L << 30;
            final byte[] source = randomBytes(1_000);
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteByteArray array = heap.byteArray("large", length);
                array.write(border - 500, source, 0, source.length);
                array.write(length - source.length, source, 0, source.length);
                array.fill(0, length - source.length, (byte) 0); // takes no memory
                array.write((4L << 30) + 1, source, 0, source.length);
                assertThat(array.longLength()).isEqualTo(length);
                assertThatThrownBy(array::length)
                        .isInstanceOf(ArithmeticException.class)
                        .hasMessageContaining(String.valueOf(length));
                final RemoteLongArray longs = heap.longArray("longs", (5L << 30) / 8);
                assertThat(longs.addAndGet((5L << 30) / 8 - 1, 7)).isEqualTo(7);
            }
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteByteArray array = heap.byteArray("large");
                final byte[] found = new byte[source.length];
                array.read(length - source.length, found, 0, found.length);
                assertThat(found).isEqualTo(source);
                array.read((4L << 30) + 1, found, 0, found.length);
                assertThat(found).isEqualTo(source);
                array.read(border - 500, found, 0, found.length);
                assertThat(found).isEqualTo(new byte[source.length]);
                assertThat(heap.longArray("longs").get((5L << 30) / 8 - 1)).isEqualTo(7);
            }
            assertThat(pool.check().liveBytes()).isLessThan(64L << 20);
        }
    }

    @Test
    void shouldNeverShowHalfAWordWhenOthersWriteIt() throws InterruptedException {
        final int length = 1_024;
        final AtomicBoolean stop = new AtomicBoolean();
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded();
                    RemoteHeap other = pool.local()) {
                final RemoteByteArray array = heap.byteArray("words", length);
                final RemoteByteArray written = other.byteArray("words");
                final Thread writer = new Thread(() -> {
                    final byte[] source = new byte[length + 8];
                    for (int i = 0; !stop.get(); i++) {
                        Arrays.fill(source, (byte) i);
                        written.write(0, source, i & 7, length);
                    }
                });
                writer.start();
                try {
                    final byte[] target = new byte[length + 8];
                    for (int i = 0; i < 20_000; i++) {
                        final int shift = i & 7;
                        array.read(0, target, shift, length);
                        for (int at = 0; at < length; at += 8) {
                            for (int b = 1; b < 8; b++) {
                                assertThat(target[shift + at + b] == target[shift + at])
                                        .isTrue();
                            }
                        }
                    }
                } finally {
                    stop.set(true);
                    writer.join();
                }
            }
            pool.check();
        }
    }

    @Test
    void shouldWriteNothingWhenARangeIsOutOfBounds() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteByteArray array = heap.byteArray("bytes", 100);
                final byte[] local = new byte[50];
                Arrays.fill(local, (byte) 1);
                assertThatThrownBy(() -> array.write(60, local, 0, 41))
                        .isInstanceOf(IndexOutOfBoundsException.class)
                        .hasMessageContaining("60")
                        .hasMessageContaining("41")
                        .hasMessageContaining("100");
                assertThatThrownBy(() -> array.write(0, local, 10, 41))
                        .isInstanceOf(IndexOutOfBoundsException.class)
                        .hasMessageContaining("50");
                assertThatThrownBy(() -> array.write(new Ranges().add(0, 10).add(-1, 10), new UnsafeBuffer(local), 0))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> array.write(new Ranges().add(0, 30).add(40, 30), new UnsafeBuffer(local), 0))
                        .isInstanceOf(IndexOutOfBoundsException.class)
                        .hasMessageContaining("60")
                        .hasMessageContaining("50");
                assertThatThrownBy(() -> array.fill(1, 100, (byte) 1)).isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> array.set(100, (byte) 1)).isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> array.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> new Ranges().add(0, -1)).isInstanceOf(IllegalArgumentException.class);
                final byte[] all = new byte[100];
                array.read(0, all, 0, 100);
                assertThat(all).isEqualTo(new byte[100]);
                array.write(100, local, 50, 0);
                array.read(new Ranges().add(100, 0), new UnsafeBuffer(local), 50);
            }
            pool.check();
        }
    }
}
