package io.rallocator.persistence;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Follows every structure from its root word and notes in the {@link SlabView}s which blocks links reach. What a tracer
 * says is not believed: references are checked against the geometry and the slab table, a tracer that throws or goes
 * round in circles is stopped.
 *
 * <p>A structure that could not be followed to its end is incomplete: its unreached blocks count as unknown, never as
 * leaked, so a repair cannot free what a damaged link lost.
 */
final class StructureCheck {
    /** Visits of blocks that were visited before, beyond which a tracer goes in circles. */
    private static final long REPEATS_ALLOWED = 10_000;

    /** Problems of one structure that are listed each; then it is clear that it is damaged. */
    private static final long PROBLEMS_LISTED = 100;

    /** The index of the names, whose blocks belong to no structure. */
    private static final int NAMES = NameDirectory.STRUCTURE;

    private static final String TWICE = "which another link reaches too";

    private final CheckRun run;
    private final PoolGeometry geometry;
    private final SlabMap slabs;
    private final SlabCheck slabCheck;
    private final BitSet incomplete = new BitSet();
    private final Map<Integer, String> unrooted = new HashMap<>();
    private final List<Traced> traced = new ArrayList<>();
    private final Map<Integer, String> names = new HashMap<>();
    private final UnsafeBuffer root = new UnsafeBuffer(new byte[RootDescriptor.WORDS_OFFSET]);

    /** One structure that was followed. */
    private record Traced(int root, String name, String type, long elements, long claimed, Visits visits) {}

    /** Stops a tracer. */
    private static final class TraceAborted extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TraceAborted() {
            super("the tracer goes in circles", null, false, false);
        }
    }

    StructureCheck(final CheckRun run, final SlabMap slabs, final SlabCheck slabCheck) {
        this.run = run;
        this.geometry = run.geometry;
        this.slabs = slabs;
        this.slabCheck = slabCheck;
    }

    void trace() {
        for (int index = 0; index < geometry.roots(); index++) {
            final long word = Links.read(run.region, geometry.rootOffset(index));
            if (LinkWord.isPointer(word)) {
                incomplete.set(index, !traceRoot(index, word));
            }
        }
    }

    /** True if every structure was followed to its end. */
    boolean allComplete() {
        return incomplete.isEmpty();
    }

    /** False if blocks of a structure may be reachable in a way that could not be followed. */
    boolean isComplete(final int structure) {
        return !incomplete.get(structure);
    }

    /** True if a root word leads to no root block of it. */
    boolean isUnrooted(final int structure) {
        return unrooted.containsKey(structure);
    }

    String unrootedBecause(final int structure) {
        return unrooted.get(structure);
    }

    void incomplete(final int structure) {
        incomplete.set(structure);
    }

    void named(final int structure, final String name) {
        names.put(structure, name);
    }

    /** Notes that a link of the names leads to a block; false if none can be there. */
    boolean reachNames(final long ref, final long linkOffset) {
        final Visits visits = new Visits("the names");
        visits.block(ref, linkOffset);
        incomplete.set(NAMES, incomplete.get(NAMES) || visits.damaged);
        return !visits.damaged;
    }

    private boolean traceRoot(final int index, final long word) {
        final long wordOffset = geometry.rootOffset(index);
        final String problem = readRoot(index, word);
        if (problem != null) {
            unrooted.put(
                    index,
                    "(" + CheckRun.hex(word) + ") leads to offset " + LinkWord.offset(word)
                            + ", where no root block of it is: " + problem);
            return false;
        }
        final String created = text(RootDescriptor.NAME_OFFSET, RootDescriptor.MAX_NAME_BYTES);
        final String name = names.getOrDefault(index, created);
        final int code = root.getInt(RootDescriptor.TYPE_OFFSET);
        final long ref = BlockDescriptor.refOf(word, root, 0);
        final StructureType type = run.types.get(code);
        if (type == null) {
            new Visits("root word " + index).block(ref, wordOffset);
            run.found(
                    Finding.Severity.HAZARD,
                    LinkWord.offset(word),
                    "structure " + index + " \"" + name + "\" has type " + code + ", which nothing on the class path"
                            + " knows: its blocks were not checked");
            return false;
        }
        return trace(index, ref, name, type, RootDescriptor.isPending(word));
    }

    /** Reads the root block and says what is wrong with it, or null. */
    private String readRoot(final int index, final long word) {
        final int blockBytes = SizeClasses.bytes(LinkWord.blockClass(word));
        final long offset = LinkWord.offset(word);
        if (blockBytes < RootDescriptor.WORDS_OFFSET || offset > geometry.capacity() - blockBytes) {
            return "the block class or the offset is impossible";
        }
        run.region.read(offset, root, 0, RootDescriptor.WORDS_OFFSET);
        if (!BlockDescriptor.isValid(root, 0, RootDescriptor.WORDS_OFFSET)
                || BlockDescriptor.length(root, 0) != RootDescriptor.WORDS_OFFSET) {
            return "its CRC32C is wrong";
        }
        if (BlockDescriptor.kind(root, 0) != BlockDescriptor.ROOT) {
            return "it is a block of kind " + BlockDescriptor.kindName(BlockDescriptor.kind(root, 0));
        }
        if (BlockDescriptor.locator(root, 0) != index || BlockDescriptor.structure(root, 0) != index) {
            return "it says that it is root " + BlockDescriptor.locator(root, 0);
        }
        final long ref = BlockDescriptor.refOf(word, root, 0);
        if (!geometry.isPlausible(ref)) {
            return "no block can begin there";
        }
        final SlabView view = slabs.view(geometry.slabUnitAt(offset, BlockRef.slabClass(ref)));
        return view != null && view.hasHeader && view.layout.blockBytes() != blockBytes
                ? "the word says " + blockBytes + " bytes, the blocks of its slab have " + view.layout.blockBytes()
                : null;
    }

    private String text(final int at, final int maxBytes) {
        final int length = root.getInt(at);
        return length < 0 || length > maxBytes ? "?" : root.getStringWithoutLengthUtf8(at + 4, length);
    }

    private boolean trace(
            final int index, final long ref, final String name, final StructureType type, final boolean pending) {
        final Visits visits = new Visits("structure " + index + " \"" + name + "\"");
        final String typeName = pending ? "dropped" : type.name();
        try {
            final StructureTracer tracer = pending
                    ? new DroppedTracer(run.region, geometry, index, ref, type)
                    : type.tracer(run.region, geometry, index, ref);
            tracer.trace(visits);
            traced.add(new Traced(index, name, typeName, tracer.tracedElements(), tracer.claimedElements(), visits));
        } catch (final PoolUnavailableException e) {
            throw e;
        } catch (final RuntimeException | AssertionError | LinkageError | StackOverflowError | OutOfMemoryError e) {
            visits.fail(BlockRef.offset(ref), e);
            traced.add(new Traced(index, name, typeName, -1, -1, visits));
        }
        return !visits.damaged;
    }

    /** Compares what the structures count with what they claim, once nothing is in flight that explains a difference. */
    void report(final boolean anyLive) {
        for (final Traced each : traced) {
            run.structures.add(new CheckReport.StructureFigures(
                    each.root,
                    each.name,
                    each.type,
                    each.elements,
                    each.claimed,
                    each.visits.blocks,
                    each.visits.bytes));
            if (!anyLive && !each.visits.damaged && each.claimed >= 0 && each.claimed != each.elements) {
                run.found(
                        Finding.Severity.DAMAGE,
                        geometry.rootOffset(each.root),
                        each.type + " \"" + each.name + "\" has " + each.elements + " elements, its counters say "
                                + each.claimed);
            }
        }
    }

    /** Receives what one tracer finds. */
    private final class Visits implements StructureTracer.Visitor {
        private final String what;
        private long blocks;
        private long bytes;
        private long problems;
        private boolean damaged;

        Visits(final String what) {
            this.what = what;
        }

        @Override
        public void block(final long ref, final long linkOffset) {
            final String problem = reach(ref);
            if (problem == null) {
                blocks++;
                bytes += SizeClasses.bytes(BlockRef.blockClass(ref));
            } else if (isListed()) {
                run.found(
                        problem.equals(TWICE) ? Finding.Severity.HAZARD : Finding.Severity.DAMAGE,
                        linkOffset,
                        "a link of " + what + " leads to offset " + BlockRef.offset(ref) + ", " + problem);
            }
        }

        @Override
        public void damage(final long offset, final String text) {
            if (isListed()) {
                run.damagedBlock(offset, what + ": " + text);
            }
        }

        private boolean isListed() {
            damaged = true;
            if (++problems > blocks + REPEATS_ALLOWED) {
                throw new TraceAborted();
            }
            return problems <= PROBLEMS_LISTED;
        }

        void fail(final long offset, final Throwable cause) {
            damaged = true;
            run.found(Finding.Severity.DAMAGE, offset, what + " could not be followed to its end: " + cause);
        }
    }

    /** Notes that a link leads to a block; returns what is wrong with that, or null. */
    private String reach(final long ref) {
        if (!geometry.isPlausible(ref)) {
            return "where no block can begin";
        }
        final int slabClass = BlockRef.slabClass(ref);
        final int unit = geometry.slabUnitAt(BlockRef.offset(ref), slabClass);
        SlabView view = slabs.view(unit);
        if (view == null) {
            view = openLost(unit, slabClass);
        }
        if (view == null || view.slabClass != slabClass) {
            return "in no slab of class " + slabClass + ": the table says "
                    + SlabTableDescriptor.stateName(slabs.state(unit)) + ", class " + slabs.slabClass(unit);
        }
        if (view.layout == null) {
            view.layout = SlabLayout.of(geometry.slabBytes(slabClass), BlockRef.blockClass(ref));
        }
        if (view.layout.blockClass() != BlockRef.blockClass(ref)) {
            return "as a block of " + SizeClasses.bytes(BlockRef.blockClass(ref))
                    + " bytes, but its slab has blocks of " + view.layout.blockBytes();
        }
        final int index = view.layout.indexAt(BlockRef.offset(ref) - geometry.unitOffset(unit));
        return view.reach(index, BlockRef.generation(ref)) ? null : TWICE;
    }

    /** A slab that holds no blocks by the table, but by its header it did last: the table may be what is wrong. */
    private SlabView openLost(final int unit, final int slabClass) {
        final int state = slabs.state(unit);
        final boolean elsewhere = state == SlabTableDescriptor.FREE && slabs.overlaps(unit, slabClass);
        if (elsewhere || slabs.slabClass(unit) != slabClass) {
            return null;
        }
        final SlabView view = slabCheck.openView(unit);
        if (!view.hasHeader) {
            return null;
        }
        slabs.view(view);
        return view;
    }
}
