package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SlabTrace.Figures;
import io.rallocator.allocator.SlabTrace.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The sizing of slabs on whole workloads, beside each fixed size. */
@Timeout(600)
class SlabSizingTracesTest {
    private static final String REGENERATE = "rallocator.regenerate";
    private static final Path PAGE = Path.of("../docs/performance.md");
    private static final String HEADER = """
            | workload | slabs of | round trips for slabs ÷ allocations | held ÷ live | both | ÷ best fixed |
            | --- | --- | --: | --: | --: | --: |
            """;

    /** Grows to some megabytes, and then replaces at random. */
    private static void steady(final SlabTrace trace) {
        for (int cell = 0; cell < 4_000; cell++) {
            trace.put(0, cell, 900);
        }
        for (int i = 0; i < 12_000; i++) {
            trace.put(0, trace.random().nextInt(4_000), 900);
        }
    }

    /** Fills and empties, again and again. */
    private static void bursty(final SlabTrace trace) {
        for (int burst = 0; burst < 5; burst++) {
            for (int cell = 0; cell < 2_500; cell++) {
                trace.put(0, cell, 1_700);
            }
            for (int cell = 0; cell < 2_500; cell++) {
                trace.remove(0, cell);
            }
        }
    }

    /** What is stored becomes larger, then smaller. */
    private static void shifting(final SlabTrace trace) {
        for (final int bytes : new int[] {120, 3_000, 500, 12_000, 60}) {
            for (int cell = 0; cell < 1_200; cell++) {
                trace.put(0, cell, bytes);
            }
            for (int i = 0; i < 1_200; i++) {
                trace.put(0, trace.random().nextInt(1_200), bytes);
            }
        }
    }

    /** Many that hold a little and write seldom, and one that works. */
    private static void idleWorkers(final SlabTrace trace) {
        final Random random = trace.random();
        for (int worker = 0; worker < 24; worker++) {
            for (int cell = 0; cell < 12; cell++) {
                trace.put(worker, cell, 700);
            }
        }
        for (int i = 0; i < 6_000; i++) {
            final boolean busy = random.nextInt(20) > 0;
            trace.put(busy ? 0 : random.nextInt(24), random.nextInt(busy ? 400 : 12), 700);
        }
    }

    static List<Workload> workloads() {
        return List.of(
                new Workload("steady", 1, 4_000, SlabSizingTracesTest::steady),
                new Workload("bursty", 1, 2_500, SlabSizingTracesTest::bursty),
                new Workload("shifting sizes", 1, 1_200, SlabSizingTracesTest::shifting),
                new Workload("many idle workers", 24, 400, SlabSizingTracesTest::idleWorkers));
    }

    /** One workload with each fixed size, and with the sizing of the product. */
    private record Comparison(String name, List<Figures> fixed, Figures tuned) {
        static Comparison of(final Workload workload) {
            final List<Figures> fixed = IntStream.range(0, SlabTrace.slabClasses())
                    .mapToObj(slabClass -> SlabTrace.run(new FixedSlabSizing(slabClass), workload))
                    .toList();
            return new Comparison(workload.name(), fixed, SlabTrace.run(null, workload));
        }

        double best(final ToDoubleFunction<Figures> figure) {
            return fixed.stream().mapToDouble(figure).min().orElseThrow();
        }

        /** How much more than the best fixed size another costs: 1 is equal. */
        double ratio(final Figures figures, final ToDoubleFunction<Figures> figure) {
            return figure.applyAsDouble(figures) / best(figure);
        }

        String lines() {
            final StringBuilder lines = new StringBuilder();
            for (int slabClass = 0; slabClass < fixed.size(); slabClass++) {
                lines.append(line((SlabTrace.slabBytes(slabClass) >> 10) + " KiB", fixed.get(slabClass)));
            }
            return lines.append(line("**chosen at run time**", tuned)).toString();
        }

        private String line(final String size, final Figures figures) {
            return String.format(
                    Locale.ROOT,
                    "| %s | %s | %.4f | %.2f | %.2f | %.2f |%n",
                    name,
                    size,
                    figures.roundTripsPerAllocation(),
                    figures.heldPerLive(),
                    figures.cost(),
                    ratio(figures, Figures::cost));
        }
    }

    @Test
    void shouldStayWithinATenthOfTheBestFixedSizeOnEveryWorkload() throws IOException {
        final List<Comparison> comparisons =
                workloads().stream().map(Comparison::of).toList();
        if (Boolean.getBoolean(REGENERATE)) {
            writeTable(comparisons);
        }
        for (final Comparison comparison : comparisons) {
            for (final ToDoubleFunction<Figures> figure :
                    List.<ToDoubleFunction<Figures>>of(Figures::cost, Figures::heldPerLive, Figures::roundTrips)) {
                assertThat(comparison.ratio(comparison.tuned(), figure))
                        .as("%s:%n%s", comparison.name(), comparison.lines())
                        .isLessThanOrEqualTo(1.1);
            }
        }
        for (int slabClass = 0; slabClass < SlabTrace.slabClasses(); slabClass++) {
            final int fixed = slabClass;
            assertThat(comparisons)
                    .as("class %d is good everywhere: the workloads do not need another", slabClass)
                    .anyMatch(comparison -> comparison.ratio(comparison.fixed().get(fixed), Figures::cost) > 1.3);
        }
    }

    private static void writeTable(final List<Comparison> comparisons) throws IOException {
        final String page = Files.readString(PAGE);
        final int from = page.indexOf(HEADER) + HEADER.length();
        assertThat(from).as("%s has the head of the table", PAGE).isGreaterThan(HEADER.length());
        final int to = page.indexOf("\n\n", from - 1);
        final String lines = comparisons.stream().map(Comparison::lines).collect(Collectors.joining());
        Files.writeString(PAGE, page.substring(0, from) + lines + (to < 0 ? "" : page.substring(to + 1)));
    }
}
