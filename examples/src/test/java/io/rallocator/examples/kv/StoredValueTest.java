package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredValueTest {

    private static final byte[] PAYLOAD = {1, -2, 3};

    @Test
    void shouldTakeOneByteMoreThanThePayloadWhenThereIsNoExpiry() {
        StoredValue value = StoredValue.string(PAYLOAD, StoredValue.NO_EXPIRY);

        assertThat(value.raw()).containsExactly(0x10, 1, -2, 3);
        StoredValue read = StoredValue.decode(value.raw());
        assertThat(read.payload()).isEqualTo(PAYLOAD);
        assertThat(read.payloadLength()).isEqualTo(3);
        assertThat(read.hasExpiry()).isFalse();
        assertThat(read.isExpired(Long.MAX_VALUE)).isFalse();
        assertThat(read.typeName()).isEqualTo("string");
    }

    @Test
    void shouldPutTheExpiryBehindTheHeader() {
        StoredValue value = StoredValue.string(PAYLOAD, 0x0102030405060708L);

        assertThat(value.raw()).containsExactly(0x18, 1, 2, 3, 4, 5, 6, 7, 8, 1, -2, 3);
        StoredValue read = StoredValue.decode(value.raw());
        assertThat(read.expiresAtMs()).isEqualTo(0x0102030405060708L);
        assertThat(read.payload()).isEqualTo(PAYLOAD);
    }

    @Test
    void shouldExpireAtTheVeryMillisecond() {
        StoredValue value = StoredValue.string(PAYLOAD, 1000);

        assertThat(value.isExpired(999)).isFalse();
        assertThat(value.isExpired(1000)).isTrue();
    }

    @Test
    void shouldKeepThePayloadWhenTheExpiryChanges() {
        StoredValue value = StoredValue.string(PAYLOAD, 5).withExpiry(StoredValue.NO_EXPIRY);

        assertThat(value.raw())
                .isEqualTo(StoredValue.string(PAYLOAD, StoredValue.NO_EXPIRY).raw());
        assertThat(value.withExpiry(7).raw())
                .isEqualTo(StoredValue.string(PAYLOAD, 7).raw());
    }

    @Test
    void shouldKeepTheExpiryWhenAppending() {
        StoredValue value = StoredValue.string(PAYLOAD, 5).append(new byte[] {9});

        assertThat(value.raw())
                .isEqualTo(StoredValue.string(new byte[] {1, -2, 3, 9}, 5).raw());
    }

    @Test
    void shouldTellAListFromAString() {
        assertThat(StoredValue.isList(StoredValue.list(StoredValue.NO_EXPIRY).raw()))
                .isTrue();
        assertThat(StoredValue.isList(StoredValue.list(7).raw())).isTrue();
        assertThat(StoredValue.isList(StoredValue.string(PAYLOAD, 7).raw())).isFalse();
        assertThat(StoredValue.isList(new byte[0])).isFalse();
        assertThat(StoredValue.decode(StoredValue.list(7).raw()).typeName()).isEqualTo("list");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "20", "00", "12", "1F", "18", "1800000000000000", "1101"})
    void shouldRefuseBytesOfAnotherLayout(String hex) {
        byte[] raw = HexFormat.of().parseHex(hex);

        assertThatThrownBy(() -> StoredValue.decode(raw))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("not layout version 1");
    }
}
