package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link NvmRegion} does. An implementation overrides {@link #open}. */
public abstract class NvmRegionContract {
    /** Bytes of the regions under test: not a multiple of any page. */
    protected static final int CAPACITY = 300_008;

    private NvmRegion region;

    /**
     * Opens the region under test.
     *
     * @return {@link #CAPACITY} bytes, zeros at first; what was written before if it was opened before
     * @throws Exception if it cannot
     */
    protected abstract NvmRegion open() throws Exception;

    /**
     * The region under test.
     *
     * @return opened before each test
     */
    protected final NvmRegion region() {
        return region;
    }

    @BeforeEach
    void openRegion() throws Exception {
        region = open();
    }

    @AfterEach
    void closeRegion() {
        region.close();
    }

    @Test
    void shouldHaveItsCapacityAndBeZero() {
        assertThat(region.capacity()).isEqualTo(CAPACITY);
        assertThat(region.durability()).isNotNull();
        long bits = 0;
        for (long offset = 0; offset < CAPACITY; offset += 8) {
            bits |= region.readLong(offset);
        }
        assertThat(bits).isZero();
    }

    @Test
    void shouldReadWhatWasWritten() {
        final Random random = Seeds.random(getClass().getSimpleName() + ".readWhatWasWritten");
        final byte[] model = new byte[CAPACITY];
        for (int round = 0; round < 500; round++) {
            final int length = random.nextInt(10) == 0 ? random.nextInt(200_000) : random.nextInt(200);
            final int offset = random.nextInt(CAPACITY - length + 1);
            final int index = random.nextInt(16);
            if (random.nextBoolean()) {
                final UnsafeBuffer source = buffer(random.nextBoolean(), index + length);
                for (int i = 0; i < length; i++) {
                    model[offset + i] = (byte) random.nextInt();
                    source.putByte(index + i, model[offset + i]);
                }
                region.write(offset, source, index, length);
            } else {
                final UnsafeBuffer target = buffer(random.nextBoolean(), index + length + 1);
                target.setMemory(0, target.capacity(), (byte) 0x5A);
                region.read(offset, target, index, length);
                final byte[] found = new byte[length];
                target.getBytes(index, found);
                assertThat(Arrays.mismatch(found, 0, length, model, offset, offset + length))
                        .as("round %d, first wrong byte of %d at %d", round, length, offset)
                        .isNegative();
                assertThat(target.getByte(index + length)).isEqualTo((byte) 0x5A);
            }
        }
    }

    private static UnsafeBuffer buffer(final boolean direct, final int capacity) {
        return direct ? new UnsafeBuffer(ByteBuffer.allocateDirect(capacity)) : new UnsafeBuffer(new byte[capacity]);
    }

    @Test
    void shouldReadWordsAsLittleEndian() {
        region.writeLong(CAPACITY - 8, 0x0102030405060708L);
        final byte[] bytes = new byte[8];
        region.read(CAPACITY - 8, new UnsafeBuffer(bytes), 0, 8);
        assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong())
                .isEqualTo(0x0102030405060708L);
        bytes[0] = 9;
        region.write(CAPACITY - 8, new UnsafeBuffer(bytes), 0, 1);
        assertThat(region.readLong(CAPACITY - 8)).isEqualTo(0x0102030405060709L);
    }

    @Test
    void shouldAddAndReturnWordBefore() {
        assertThat(region.fetchAndAdd(4096, 5)).isZero();
        assertThat(region.fetchAndAdd(4096, -7)).isEqualTo(5);
        assertThat(region.readLong(4096)).isEqualTo(-2);
    }

    @Test
    void shouldSwapOnlyWhenWordIsAsExpected() {
        assertThat(region.compareAndSwap(4088, 0, 11)).isZero();
        assertThat(region.compareAndSwap(4088, 0, 12)).isEqualTo(11);
        assertThat(region.readLong(4088)).isEqualTo(11);
        assertThat(region.compareAndSwap(4088, 11, -1)).isEqualTo(11);
        assertThat(region.readLong(4088)).isEqualTo(-1);
    }

    @Test
    void shouldZeroExactlyTheRange() {
        final UnsafeBuffer ones = new UnsafeBuffer(new byte[CAPACITY]);
        ones.setMemory(0, CAPACITY, (byte) 1);
        region.write(0, ones, 0, CAPACITY);
        region.zero(3, 150_000);
        region.zero(200_000, 0);
        final UnsafeBuffer found = new UnsafeBuffer(new byte[CAPACITY]);
        region.read(0, found, 0, CAPACITY);
        ones.setMemory(3, 150_000, (byte) 0);
        assertThat(found.byteArray()).isEqualTo(ones.byteArray());
    }

    @Test
    void shouldAcceptEmptyRangesAtBothEnds() {
        final UnsafeBuffer nothing = new UnsafeBuffer(new byte[0]);
        for (final long offset : new long[] {0, CAPACITY}) {
            region.read(offset, nothing, 0, 0);
            region.write(offset, nothing, 0, 0);
            region.zero(offset, 0);
            region.persist(offset, 0);
        }
        region.persist(0, CAPACITY);
    }

    @Test
    void shouldRefuseRangesThatLeaveTheRegion() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16]);
        final long[][] ranges = {
            {-1, 1}, {CAPACITY, 1}, {CAPACITY - 7, 8}, {0, -1}, {Long.MAX_VALUE, 8}, {Long.MIN_VALUE, 8}
        };
        for (final long[] range : ranges) {
            final int length = (int) range[1];
            refused(() -> region.read(range[0], buffer, 0, length));
            refused(() -> region.write(range[0], buffer, 0, length));
            refused(() -> region.zero(range[0], length));
            refused(() -> region.persist(range[0], length));
        }
        refused(() -> region.read(0, buffer, 9, 8));
        refused(() -> region.write(0, buffer, 9, 8));
    }

    @Test
    void shouldRefuseWordsThatAreNotAlignedOrInside() {
        for (final long offset : new long[] {-8, 1, 4, CAPACITY - 4, CAPACITY, Long.MAX_VALUE - 7}) {
            refused(() -> region.readLong(offset));
            refused(() -> region.writeLong(offset, 1));
            refused(() -> region.fetchAndAdd(offset, 1));
            refused(() -> region.compareAndSwap(offset, 0, 1));
        }
    }

    private static void refused(final Runnable call) {
        assertThatThrownBy(call::run).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void shouldThrowWhenUsedAfterClose() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[8]);
        region.close();
        region.close();
        closed(() -> region.read(0, buffer, 0, 8));
        closed(() -> region.write(0, buffer, 0, 8));
        closed(() -> region.zero(0, 8));
        closed(() -> region.readLong(0));
        closed(() -> region.writeLong(0, 1));
        closed(() -> region.fetchAndAdd(0, 1));
        closed(() -> region.compareAndSwap(0, 0, 1));
        closed(() -> region.persist(0, 8));
    }

    private static void closed(final Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        RallocatorException.class,
                        e -> assertThat(e.category()).isEqualTo(RallocatorException.Category.CLOSED));
    }

    @Test
    void shouldFindWhatWasPersistedWhenOpenedAgain() throws Exception {
        region.writeLong(0, 1);
        region.writeLong(CAPACITY - 8, 2);
        region.fetchAndAdd(8, 3);
        region.compareAndSwap(16, 0, 4);
        region.persist(0, CAPACITY);
        region.close();
        region = open();
        assertThat(region.readLong(0)).isEqualTo(1);
        assertThat(region.readLong(CAPACITY - 8)).isEqualTo(2);
        assertThat(region.readLong(8)).isEqualTo(3);
        assertThat(region.readLong(16)).isEqualTo(4);
    }
}
