package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SimulatedCluster;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every public operation that changes something: a worker dies, a blade dies, power is lost at each of its steps, and again in
 * the recovery. Another worker goes on at once (I9); what returned is there, what did not happened or not (I8), and the answer
 * about it is true (I10); nothing leaks (I5, I11). {@code -Psoak} tries every step; a build every few.
 */
@Timeout(14_400)
class OperationSweepTest {
    private static final long SEED = Long.getLong("rallocator.seed", 11);
    private static final int STRIDE = Integer.getInteger("rallocator.stride", 41);
    private static final OperationSweep.Figures FIGURES = new OperationSweep.Figures();
    private static SimulatedCluster image;

    @BeforeAll
    static void fill() {
        image = OperationSweep.image(SEED);
    }

    @AfterAll
    static void report() throws IOException {
        if (image != null) {
            image.close();
        }
        Files.writeString(Path.of("target", "operation-sweep.txt"), FIGURES + System.lineSeparator());
    }

    static Stream<SweptOperation> operations() {
        return SweptOperations.all().stream();
    }

    @ParameterizedTest
    @MethodSource("operations")
    void shouldLoseNothingWhereverSomebodyDies(final SweptOperation operation) {
        new OperationSweep(operation, image, SEED, STRIDE, FIGURES).sweep();
    }

    /** An operation that is added must be swept, or be one that changes nothing. */
    @Test
    void shouldKnowEveryPublicMethod() {
        final Set<String> covered = SweptOperations.covered();
        final Set<String> unknown = new TreeSet<>();
        final List<Class<?>> types = List.of(
                RemoteMap.class,
                RemoteQueue.class,
                Lease.class,
                RemoteArray.class,
                RemoteLongArray.class,
                RemoteByteArray.class,
                RemoteHeap.class,
                MapViews.Keys.class,
                MapViews.Values.class,
                MapViews.Entries.class);
        for (final Class<?> type : types) {
            final Set<String> harmless = SweptOperations.HARMLESS.get(type);
            for (final Method method : type.isInterface() ? type.getMethods() : type.getDeclaredMethods()) {
                final String name = signature(method);
                if (Modifier.isPublic(method.getModifiers())
                        && !method.isSynthetic()
                        && !harmless.contains(name)
                        && !covered.contains(type.getSimpleName() + "." + name)) {
                    unknown.add(type.getSimpleName() + "." + name);
                }
            }
        }
        assertThat(unknown).as("neither swept nor harmless").isEmpty();
    }

    private static String signature(final Method method) {
        return Arrays.stream(method.getParameterTypes())
                .map(Class::getSimpleName)
                .collect(Collectors.joining(",", method.getName() + "(", ")"));
    }
}
