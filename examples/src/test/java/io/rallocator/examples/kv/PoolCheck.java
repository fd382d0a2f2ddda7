package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.PoolChecker;
import java.nio.file.Path;

/** The look at a pool after a test: nothing damaged or leaked, every structure as long as it says. */
final class PoolCheck {

    private PoolCheck() {}

    /** Checks a pool that nobody serves any more. */
    static void assertClean(Path pool) {
        CheckReport report = PoolChecker.check(pool);
        assertThat(report.findings()).isEmpty();
        assertThat(report.clean()).isTrue();
        for (CheckReport.StructureFigures structure : report.structures()) {
            if (structure.claimed() >= 0) {
                assertThat(structure.claimed()).as(structure.name()).isEqualTo(structure.elements());
            }
        }
    }
}
