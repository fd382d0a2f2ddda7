package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.PoolUnavailableException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers come in when the blade has recovered, not before. */
@Timeout(60)
class BladeGateTest {
    private static final int MEBIBYTES = 16;

    @Test
    void shouldWaitWhileTheBladeRecovers() {
        try (TestPool pool = TestPool.ofMebibytes(MEBIBYTES);
                PoolLock blade = BladeGate.become(pool.file)) {
            final List<PoolLock> serving = new ArrayList<>();
            final int[] pauses = new int[1];
            BladeGate.await(pool.file, () -> {
                if (++pauses[0] == 3) {
                    serving.add(BladeGate.serve(pool.file));
                }
            });
            assertThat(pauses[0]).isEqualTo(3);
            serving.forEach(PoolLock::close);
            assertThat(blade).isNotNull();
        }
    }

    @Test
    void shouldThrowWhenTheBladeDiesInRecovery() {
        try (TestPool pool = TestPool.ofMebibytes(MEBIBYTES)) {
            final PoolLock blade = BladeGate.become(pool.file);
            assertThatThrownBy(() -> BladeGate.await(pool.file, blade::close))
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("no blade serves");
        }
    }

    @Test
    void shouldThrowWhenInterruptedWhileTheBladeRecovers() {
        try (TestPool pool = TestPool.ofMebibytes(MEBIBYTES);
                PoolLock blade = BladeGate.become(pool.file)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> BladeGate.await(pool.file))
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
            assertThat(blade).isNotNull();
        }
    }

    @Test
    void shouldLetWorkersInAsLongAsTheBladeServes() {
        try (TestPool pool = TestPool.ofMebibytes(MEBIBYTES)) {
            try (Blade blade = Blade.open(pool.file);
                    WorkerSession worker = WorkerSession.attach(pool.file, "worker")) {
                assertThat(worker.index()).isNotNegative();
                assertThat(blade.recoveryNs()).isPositive();
            }
            assertThatThrownBy(() -> WorkerSession.attach(pool.file, "late"))
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("no blade serves");
        }
    }
}
