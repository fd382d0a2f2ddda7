package io.rallocator.collections;

import io.rallocator.allocator.FabricCounters;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.SessionId;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Spliterator;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Calls of every public method of a type, with arguments that it accepts: so that a method that is added is tested with the
 * others, or fails for want of arguments. Objects are texts, the one that is there {@value #PRESENT}.
 */
final class PublicCalls {
    static final String PRESENT = "1";

    private static final Map<Class<?>, Supplier<?>> ARGUMENTS = arguments();

    private PublicCalls() {}

    /** A method, and arguments for it, of which some may be made wrong. */
    static final class PublicCall {
        private final Method method;
        private final Object[] arguments;

        PublicCall(final Method method, final Object[] arguments) {
            this.method = method;
            this.arguments = arguments;
        }

        List<Class<?>> parameterTypes() {
            return List.of(method.getParameterTypes());
        }

        /** Such as {@code put(Object, Object)}. */
        String signature() {
            return Arrays.stream(method.getParameterTypes())
                    .map(Class::getSimpleName)
                    .collect(Collectors.joining(", ", method.getName() + "(", ")"));
        }

        PublicCall with(final int parameter, final Object argument) {
            final Object[] changed = arguments.clone();
            changed[parameter] = argument;
            return new PublicCall(method, changed);
        }

        /**
         * Calls it.
         *
         * @param target whose method it is
         * @return what it threw, or null
         */
        Throwable failure(final Object target) {
            try {
                use(method.invoke(target, arguments));
                return null;
            } catch (final InvocationTargetException e) {
                return e.getCause();
            } catch (final RuntimeException e) {
                return e;
            } catch (final IllegalAccessException e) {
                throw new AssertionError("is no public method: " + method, e);
            }
        }

        /** Looks into what was returned, if it is something that looks into the pool. */
        private static void use(final Object result) {
            if (result instanceof Stream) {
                ((Stream<?>) result).forEach(element -> {});
            } else if (result instanceof Iterator) {
                ((Iterator<?>) result).forEachRemaining(element -> {});
            } else if (result instanceof Spliterator) {
                ((Spliterator<?>) result).tryAdvance(element -> {});
            }
        }

        @Override
        public String toString() {
            return method.getDeclaringClass().getSimpleName() + "." + signature();
        }
    }

    /**
     * The methods of a type, inherited ones too.
     *
     * @param type public
     * @return one call of each instance method that is not {@code Object}'s own
     */
    static List<PublicCall> of(final Class<?> type) {
        return Arrays.stream(type.getMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers()) && !method.isBridge())
                .filter(method -> method.getDeclaringClass() != Object.class)
                .sorted(Comparator.comparing(Method::toString))
                .map(method -> new PublicCall(
                        method,
                        Arrays.stream(method.getParameterTypes())
                                .map(PublicCalls::argument)
                                .toArray()))
                .toList();
    }

    private static Object argument(final Class<?> type) {
        final Supplier<?> argument = ARGUMENTS.get(type);
        if (argument == null) {
            throw new AssertionError("there is no argument of " + type + " to call methods with: add one");
        }
        return argument.get();
    }

    private static Map<Class<?>, Supplier<?>> arguments() {
        final Map<Class<?>, Supplier<?>> made = new HashMap<>();
        made.put(int.class, () -> 1);
        made.put(long.class, () -> 1L);
        made.put(byte.class, () -> (byte) 1);
        made.put(Object.class, () -> PRESENT);
        made.put(String.class, () -> PRESENT);
        made.put(Object[].class, () -> new Object[1]);
        made.put(byte[].class, () -> new byte[8]);
        made.put(long[].class, () -> new long[] {0, 1, 2});
        made.put(TimeUnit.class, () -> TimeUnit.MILLISECONDS);
        made.put(Duration.class, () -> Duration.ofHours(1));
        made.put(Collection.class, () -> new ArrayList<>(List.of(PRESENT)));
        made.put(Map.class, () -> Map.of(PRESENT, "2"));
        made.put(Codec.class, Codecs::string);
        made.put(DirectBuffer.class, () -> new UnsafeBuffer(new byte[8]));
        made.put(MutableDirectBuffer.class, () -> new UnsafeBuffer(new byte[8]));
        made.put(Ranges.class, () -> new Ranges().add(0, 2));
        made.put(ValueReader.class, () -> (ValueReader) (buffer, offset, length) -> {});
        made.put(ValueWriter.class, () -> (ValueWriter) (buffer, offset, length) -> {});
        made.put(Function.class, () -> (Function<Object, Object>) key -> PRESENT);
        made.put(BiFunction.class, () -> (BiFunction<Object, Object, Object>) (key, value) -> PRESENT);
        made.put(BiConsumer.class, () -> (BiConsumer<Object, Object>) (key, value) -> {});
        made.put(Consumer.class, () -> (Consumer<Object>) element -> {});
        made.put(Predicate.class, () -> (Predicate<Object>) element -> true);
        made.put(UnaryOperator.class, () -> UnaryOperator.identity());
        made.put(Comparator.class, () -> Comparator.comparing(String::valueOf));
        made.put(IntConsumer.class, () -> (IntConsumer) count -> {});
        made.put(IntFunction.class, () -> (IntFunction<Object[]>) Object[]::new);
        made.put(LongUnaryOperator.class, () -> (LongUnaryOperator) seen -> seen + 1);
        made.put(LongBinaryOperator.class, () -> (LongBinaryOperator) Long::sum);
        made.put(OperationId.class, () -> new OperationId(new UUID(1, 2), 1, 1, 0, 1));
        made.put(SessionId.class, () -> new SessionId(1, 1));
        made.put(FabricCounters.Figure.class, () -> FabricCounters.Figure.CHAINS);
        return made;
    }
}
