package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rallocator.persistence.RallocatorException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The parts of {@code bench kv}; what they start is tested where it is installed. */
@Timeout(120)
class KvBenchTest {
    private static final List<String> REDIS = List.of("redis-server", "redis-benchmark");

    @TempDir
    private Path folder;

    @Test
    void shouldFindTheRatesOfBothTestsWhenRedisBenchmarkAnswersInCsv() {
        assertThat(RedisBenchmark.parse("""
                        "test","rps","avg_latency_ms","min_latency_ms"
                        "SET","48543.69","0.833","0.232"
                        "GET","65502.18","0.625","0.256"
                        """)).isEqualTo(Map.of("set", 48_543.69, "get", 65_502.18));
    }

    @Test
    void shouldSayWhatToInstallWhenACommandIsMissing() {
        assertThatThrownBy(() -> KvContender.requireInstalled(List.of("rallocator-no-such-command")))
                .isInstanceOf(RallocatorException.class)
                .hasMessageContaining("rallocator-no-such-command")
                .hasMessageContaining("package redis");
    }

    @Test
    void shouldSayHowToStartItWhenThereIsNoLauncher() {
        assumeTrue(System.getProperty("rallocator.launcher") == null, "there is a launcher");
        assertThatThrownBy(() -> KvContender.ours(folder, "64m", false))
                .isInstanceOf(RallocatorException.class)
                .hasMessageContaining("bin/rallocator bench kv");
    }

    @Test
    void shouldMeasureRedisWhenItIsInstalled() throws IOException, InterruptedException {
        assumeTrue(isInstalled(), "no redis here");
        try (KvContender redis = KvContender.redis(folder, false)) {
            assertThat(new RedisBenchmark(2, 10, 2, 5, 100).run(redis.port()))
                    .containsOnlyKeys("set", "get")
                    .allSatisfy((test, perSecond) -> assertThat(perSecond).isPositive());
        }
    }

    private static boolean isInstalled() {
        try {
            KvContender.requireInstalled(REDIS);
            return true;
        } catch (final RallocatorException e) {
            return false;
        }
    }

    @Test
    void shouldSayWhatIsWrongWhenAnOptionIs() {
        assertThat(BenchCli.commandLine().execute("kv", "--pipeline", "0")).isEqualTo(2);
    }
}
