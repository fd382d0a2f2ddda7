package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.SessionId;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SessionEndTest {
    @TempDir
    private Path directory;

    private RemoteHeap heap;

    @BeforeEach
    void openHeap() {
        heap = RemoteHeap.open("embedded:" + directory.resolve("pool") + "?size=16m");
    }

    @AfterEach
    void closeHeap() {
        heap.close();
    }

    private RemoteHeap attach() {
        return RemoteHeap.open("local:" + directory.resolve("pool"));
    }

    @Test
    void shouldSayThatASessionIsOverOnlyWhenItIs() {
        final RemoteHeap other = attach();
        final SessionId id = other.session();
        assertThat(heap.hasEnded(id)).isFalse();
        assertThat(heap.hasEnded(heap.session())).isFalse();

        other.close();
        while (!heap.hasEnded(id)) {
            LockSupport.parkNanos(1_000_000);
        }
        try (RemoteHeap later = attach()) {
            assertThat(later.session()).isNotEqualTo(id);
            assertThat(heap.hasEnded(id)).isTrue();
            assertThat(heap.hasEnded(later.session())).isFalse();
        }
    }

    @Test
    void shouldTellTheNextUserOfALineFromTheOneBefore() {
        final SessionId here = heap.session();

        assertThat(heap.hasEnded(new SessionId(here.session(), here.incarnation() + 1)))
                .isTrue();
    }

    @Test
    void shouldCostOneRoundTrip() {
        final long before = heap.count("session.look", Figure.CHAINS);

        heap.hasEnded(heap.session());

        assertThat(heap.count("session.look", Figure.CHAINS) - before).isEqualTo(1);
    }

    @Test
    void shouldRefuseSessionsOfAnotherPool() {
        assertThatThrownBy(() -> heap.hasEnded(new SessionId(64, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("session-64-1 is of another pool: this one has 64 sessions");
        assertThatThrownBy(() -> heap.hasEnded(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> SessionId.fromLong(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SessionId.fromLong(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldBeOpenUntilClosed() {
        final RemoteHeap other = attach();
        assertThat(other.isOpen()).isTrue();

        other.close();

        assertThat(other.isOpen()).isFalse();
        assertThatThrownBy(() -> other.hasEnded(heap.session())).isInstanceOf(HeapClosedException.class);
    }

    @Test
    void shouldFitIntoALong() {
        for (final SessionId id : new SessionId[] {
            new SessionId(0, 0), new SessionId(0, (1 << 20) - 1), new SessionId(Short.MAX_VALUE, (1 << 20) - 1)
        }) {
            assertThat(SessionId.fromLong(id.toLong())).isEqualTo(id);
            assertThat(id.toLong()).isPositive();
        }
    }
}
