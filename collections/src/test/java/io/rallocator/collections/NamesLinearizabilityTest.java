package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.Blade;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.PoolGeometry;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What workers of two sessions observe of names is explained by some order of their calls (I8). */
@Timeout(300)
class NamesLinearizabilityTest {
    private static final int RACES = Integer.getInteger("rallocator.iterations", 400);
    private static final long SEED = Long.getLong("rallocator.seed", 20_261_124);
    private static final int CALLS = 5;
    private static final int WORKERS = 3;
    private static final long LENGTH_MASK = (1L << 44) - 1;

    /** What is done to names. Structures are known by a number. */
    private interface Names {
        /** Opens or creates; returns which structure it is. */
        long open(String name, long number);

        boolean drop(String name);

        String rename(String from, String to);

        List<String> list();
    }

    /** The sequential specification. */
    private record Model(TreeMap<String, Long> structures) implements Names {
        @Override
        public long open(final String name, final long number) {
            return structures.computeIfAbsent(name, none -> number);
        }

        @Override
        public boolean drop(final String name) {
            return structures.remove(name) != null;
        }

        @Override
        public String rename(final String from, final String to) {
            if (!structures.containsKey(from)) {
                return "missing";
            }
            if (!from.equals(to) && structures.containsKey(to)) {
                return "taken";
            }
            structures.put(to, structures.remove(from));
            return "renamed";
        }

        @Override
        public List<String> list() {
            return List.copyOf(structures.keySet());
        }
    }

    /** Arrays, whose length is their number. */
    private record View(WorkerSession session, StructureCatalog catalog) implements Names {
        @Override
        public long open(final String name, final long number) {
            final ArrayLayout layout = ArrayLayout.create(ArrayKind.LONGS, session.geometry(), number);
            return catalog.open(name, layout, Codecs.longs().id(), "").parameter() & LENGTH_MASK;
        }

        @Override
        public boolean drop(final String name) {
            return catalog.drop(name);
        }

        @Override
        public String rename(final String from, final String to) {
            try {
                catalog.rename(from, to);
                return "renamed";
            } catch (final NoSuchElementException e) {
                return "missing";
            } catch (final IllegalStateException e) {
                return "taken";
            }
        }

        @Override
        public List<String> list() {
            return catalog.names();
        }
    }

    private static Call.Action<Names> action(final Random random) {
        final String name = "n" + random.nextInt(3);
        final String other = "n" + random.nextInt(3);
        final long number = 1L + random.nextInt(1_000_000);
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> new Call.Action<>("open " + name + " " + number, names -> names.open(name, number));
            case 3 -> new Call.Action<>("drop " + name, names -> names.drop(name));
            case 4 -> new Call.Action<>("names", Names::list);
            default -> new Call.Action<>("rename " + name + " " + other, names -> names.rename(name, other));
        };
    }

    @Test
    void shouldExplainEveryHistoryOfNames() throws InterruptedException {
        final Linearizability<Names> specification =
                new Linearizability<>(names -> new Model(new TreeMap<>(((Model) names).structures)));
        final Random random = new Random(SEED);
        try (TestPool pool = TestPool.create(PoolGeometry.of(64 << 20, new int[] {65536, 1 << 20}, 32, 4, 4, 64))) {
            try (Blade blade = Blade.open(pool.file());
                    WorkerSession first = WorkerSession.embedded(blade, "first");
                    WorkerSession second = WorkerSession.attach(pool.file(), "second");
                    Race race = new Race(WORKERS)) {
                final View one = new View(first, new StructureCatalog(first));
                final View two = new View(second, new StructureCatalog(second));
                for (int i = 0; i < RACES; i++) {
                    final List<List<Call.Action<Names>>> scripts = new ArrayList<>();
                    for (int worker = 0; worker < WORKERS; worker++) {
                        scripts.add(random.ints(CALLS)
                                .mapToObj(seed -> action(random))
                                .toList());
                    }
                    final List<Call<Names>> calls = race.run(List.of(one, two, one), scripts);
                    calls.add(Call.observe(WORKERS, new Call.Action<>("names", Names::list), two));
                    for (final String name : two.list()) {
                        calls.add(Call.observe(
                                WORKERS, new Call.Action<>("open " + name, names -> names.open(name, 1)), one));
                    }
                    assertThat(specification.explains(new Model(new TreeMap<>()), calls))
                            .as(() -> "seed " + SEED + "\n"
                                    + calls.stream().map(Call::toString).collect(Collectors.joining("\n")))
                            .isTrue();
                    two.list().forEach(two::drop);
                }
            }
            pool.check();
        }
    }
}
