package io.rallocator.collections;

import io.rallocator.persistence.StructureType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * One structure of a pool, as its root block describes it.
 *
 * @param name that it is opened by
 * @param type such as {@code map} or {@code queue}; {@code type N} if nothing on the class path knows it
 * @param codecs ids of the codecs: of key and value, or of the elements
 * @param created when, by the clock of the worker that created it
 * @param length of an array, in elements; empty for what is none
 * @param capacity of a queue with a bound, in elements; empty for what is none
 */
public record StructureInfo(
        String name, String type, List<String> codecs, Instant created, OptionalLong length, OptionalInt capacity) {
    static StructureInfo of(final StructureRoot root) {
        final Map<Integer, StructureType> types = StructureType.installed();
        final StructureType type = types.get(root.type());
        return new StructureInfo(
                root.name(),
                type == null ? "type " + root.type() : type.name(),
                root.secondCodec().isEmpty()
                        ? List.of(root.firstCodec())
                        : List.of(root.firstCodec(), root.secondCodec()),
                Instant.ofEpochMilli(root.createdMs()),
                lengthOf(root),
                capacityOf(root));
    }

    private static OptionalLong lengthOf(final StructureRoot root) {
        return ArrayKind.isArray(root.type())
                ? OptionalLong.of(ArrayLayout.lengthOf(root.parameter()))
                : OptionalLong.empty();
    }

    private static OptionalInt capacityOf(final StructureRoot root) {
        final boolean isBounded =
                root.type() == QueueLayout.TYPE && QueueLayout.capacityOf(root.parameter()) != QueueLayout.UNBOUNDED;
        return isBounded ? OptionalInt.of(QueueLayout.capacityOf(root.parameter())) : OptionalInt.empty();
    }
}
