package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The bytes of {@code struct ibv_send_wr} as rdma-core's verbs.h lays it out on 64-bit Linux: literals on purpose. */
class WorkRequestTest {
    private static final int AT = 144;
    private static final byte NOISE = 0x55;

    private final ByteBuffer bytes = ByteBuffer.allocateDirect(4 * 144).order(ByteOrder.LITTLE_ENDIAN);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);

    @Test
    void shouldHaveTheLayoutOfTheVerbsLibraryWhenAReadIsMade() {
        buffer.setMemory(0, buffer.capacity(), NOISE);
        WorkRequest.begin(buffer, AT, 7, WorkRequest.READ, 0);
        WorkRequest.local(buffer, AT, 0x1122334455667788L, 4093, 0xABCD);
        WorkRequest.remote(buffer, AT, 0x7FEEDDCCBBAA9988L, 0x1234);
        final ByteBuffer expected = ByteBuffer.allocate(144).order(ByteOrder.LITTLE_ENDIAN);
        expected.putLong(0, 7);
        expected.putLong(16, buffer.addressOffset() + AT + 128);
        expected.putInt(24, 1);
        expected.putInt(28, 4);
        expected.putLong(40, 0x7FEEDDCCBBAA9988L);
        expected.putInt(48, 0x1234);
        expected.putLong(128, 0x1122334455667788L);
        expected.putInt(136, 4093);
        expected.putInt(140, 0xABCD);
        assertThat(request(AT)).isEqualTo(expected.array());
        assertThat(buffer.getByte(AT - 1)).isEqualTo(NOISE);
        assertThat(buffer.getByte(AT + 144)).isEqualTo(NOISE);
    }

    @Test
    void shouldHaveTheLayoutOfTheVerbsLibraryWhenASwapIsMade() {
        WorkRequest.begin(buffer, AT, 1, WorkRequest.COMPARE_AND_SWAP, WorkRequest.FENCE);
        WorkRequest.local(buffer, AT, 64, 8, 3);
        WorkRequest.atomic(buffer, AT, 4096, 0x1234, -5, 6);
        WorkRequest.signal(buffer, AT);
        final ByteBuffer expected = ByteBuffer.allocate(144).order(ByteOrder.LITTLE_ENDIAN);
        expected.putLong(0, 1);
        expected.putLong(16, buffer.addressOffset() + AT + 128);
        expected.putInt(24, 1);
        expected.putInt(28, 5);
        expected.putInt(32, 1 | 2);
        expected.putLong(40, 4096);
        expected.putLong(48, -5);
        expected.putLong(56, 6);
        expected.putInt(64, 0x1234);
        expected.putLong(128, 64);
        expected.putInt(136, 8);
        expected.putInt(140, 3);
        assertThat(request(AT)).isEqualTo(expected.array());
    }

    @Test
    void shouldNameTheNextRequestWhenTwoShareADoorbell() {
        WorkRequest.begin(buffer, 0, 0, WorkRequest.WRITE, 0);
        WorkRequest.begin(buffer, AT, 1, WorkRequest.FETCH_AND_ADD, 0);
        WorkRequest.link(buffer, 0, AT);
        assertThat(bytes.getLong(8)).isEqualTo(buffer.addressOffset() + 144);
        assertThat(bytes.getLong(AT + 8)).isZero();
        assertThat(bytes.getInt(28)).isZero();
        assertThat(bytes.getInt(AT + 28)).isEqualTo(6);
    }

    private byte[] request(final int at) {
        final byte[] all = new byte[buffer.capacity()];
        buffer.getBytes(0, all);
        return Arrays.copyOfRange(all, at, at + 144);
    }
}
