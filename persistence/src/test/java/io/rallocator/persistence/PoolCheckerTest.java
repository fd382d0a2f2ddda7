package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.PoolBuilder.TestSlab;
import org.junit.jupiter.api.Test;

/** Each kind of leak, double allocation, damage and unfinished business is produced by hand and found (I5, I11, I13). */
class PoolCheckerTest {
    private final PoolBuilder pool = PoolBuilder.inMemory();
    private final TestSlab roots = pool.slab(0, 0, TestTableType.ROOT_BYTES);
    private final TestSlab values = pool.slab(1, 0, PoolBuilder.VALUE_BYTES);
    private final long table = pool.table(roots, 3, "fruit");

    private long linked(final int link) {
        final long ref = pool.value(values, 3, link, 0);
        pool.link(table, link, ref);
        return ref;
    }

    @Test
    void shouldBeCleanWhenPoolIsFresh() {
        final CheckReport report = PoolBuilder.inMemory().check();
        assertThat(report.findings()).isEmpty();
        assertThat(report.clean()).isTrue();
        assertThat(report.usedUnits()).isZero();
        assertThat(report.utilization()).isZero();
        assertThat(report.structures()).isEmpty();
        assertThat(report.sessions()).isEmpty();
        assertThat(report.superblock()).isPresent();
    }

    @Test
    void shouldCountWhatIsThereWhenClean() {
        linked(0);
        linked(7);
        final long last = pool.value(values, 3, 9, 0);
        pool.link(table, 9, pool.value(values, 3, 9, last));
        pool.session(1, SessionDescriptor.ACTIVE, 5, "worker-1");

        final CheckReport report = pool.check();

        assertThat(report.findings()).isEmpty();
        assertThat(report.liveBlocks()).isEqualTo(5);
        assertThat(report.liveBytes())
                .isEqualTo(4L * PoolBuilder.VALUE_BYTES
                        + SizeClasses.bytes(SizeClasses.indexFor(TestTableType.ROOT_BYTES)));
        assertThat(report.heldBytes()).isEqualTo(128 << 10);
        assertThat(report.usedUnits()).isEqualTo(2);
        assertThat(report.slabs(SlabTableDescriptor.ORPHANED, 0)).isEqualTo(2);
        assertThat(report.slabs(SlabTableDescriptor.ORPHANED)).isEqualTo(2);
        assertThat(report.structures())
                .containsExactly(
                        new CheckReport.StructureFigures(3, "fruit", "test-table", 3, 3, 5, report.liveBytes()));
        assertThat(report.sessions())
                .containsExactly(new CheckReport.SessionFigures(1, SessionDescriptor.ACTIVE, 5, "worker-1", 4711, 4));
    }
}
