package io.rallocator.examples.cli;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.FileNvmRegion;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.Links;
import io.rallocator.persistence.NameTable;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RingDescriptor;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.SizeClasses;
import io.rallocator.persistence.SlabTableDescriptor;
import io.rallocator.persistence.StructureScan;
import io.rallocator.persistence.StructureType;
import io.rallocator.persistence.Superblock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.agrona.concurrent.UnsafeBuffer;

/** Reads what a pool's metadata says, without mapping it, and so also while it is served: figures of a moment. */
final class PoolView {
    private final Superblock superblock;
    private final PoolGeometry geometry;
    private final FileNvmRegion region;
    private final boolean scans;

    private PoolView(final Superblock superblock, final FileNvmRegion region, final boolean scans) {
        this.scans = scans;
        this.superblock = superblock;
        this.geometry = superblock.geometry();
        this.region = region;
    }

    /** Reads a pool into a map that prints as JSON. */
    static Map<String, Object> read(final Path pool, final boolean scans) {
        final Superblock superblock = PoolFile.readSuperblock(pool);
        try (FileNvmRegion region =
                FileNvmRegion.open(pool, superblock.geometry().capacity(), false)) {
            return new PoolView(superblock, region, scans).read();
        }
    }

    private Map<String, Object> read() {
        final Map<String, Object> view = new LinkedHashMap<>();
        view.put("poolId", superblock.poolId().toString());
        view.put("layoutVersion", Superblock.LAYOUT_VERSION);
        view.put("incarnation", superblock.incarnation());
        view.put("createdMs", superblock.createdMs());
        view.put("durability", superblock.durability().name().toLowerCase(Locale.ROOT));
        view.put("capacity", geometry.capacity());
        view.put("unitBytes", geometry.unitBytes());
        view.put("units", geometry.units());
        view.put("maxSessions", geometry.sessions());
        view.put("lanes", geometry.lanes());
        view.put("epoch", region.readLong(PoolGeometry.epochOffset()) & CheckedWord.PAYLOAD_MASK);
        view.put("structures", structures());
        view.put("sessions", sessions());
        addSlabs(view);
        view.put("rings", rings());
        return view;
    }

    private List<Object> structures() {
        final List<Object> structures = new ArrayList<>();
        final NameTable names = names();
        final UnsafeBuffer block = new UnsafeBuffer(new byte[RootDescriptor.WORDS_OFFSET]);
        for (int root = 0; root < geometry.roots(); root++) {
            final long word = Links.read(region, geometry.rootOffset(root));
            if (LinkWord.isPointer(word) && LinkWord.offset(word) <= geometry.capacity() - block.capacity()) {
                region.read(LinkWord.offset(word), block, 0, block.capacity());
                structures.add(structure(root, word, block, names));
            }
        }
        return structures;
    }

    /** Null if they are damaged. */
    private NameTable names() {
        try {
            return NameTable.read(region, geometry);
        } catch (final CorruptedPoolException e) {
            return null;
        }
    }

    /** Its name is that of its root block, which it was created with, if the names are damaged; empty if it has none. */
    private Map<String, Object> structure(
            final int root, final long word, final UnsafeBuffer block, final NameTable names) {
        final String created = RootDescriptor.getText(block, RootDescriptor.NAME_OFFSET, RootDescriptor.MAX_NAME_BYTES);
        final String name = names == null ? created : Objects.requireNonNullElse(names.name(root), "");
        final boolean dropped = names != null && names.name(root) == null && RootDescriptor.isPending(word);
        final Map<String, Object> structure = new LinkedHashMap<>();
        structure.put("root", root);
        structure.put("name", dropped ? created : name);
        if (!created.equals(name) && !dropped) {
            structure.put("createdAs", created);
        }
        structure.put("type", dropped ? "dropped" : typeName(block.getInt(RootDescriptor.TYPE_OFFSET)));
        structure.put("codecs", codecs(block));
        structure.put("createdMs", block.getLong(RootDescriptor.CREATED_OFFSET));
        if (scans && !dropped) {
            addScan(structure, root, BlockDescriptor.refOf(word, block, 0), block.getInt(RootDescriptor.TYPE_OFFSET));
        }
        return structure;
    }

    /** Nothing keeps what others unlink meanwhile, so a tracer may meet anything. */
    private void addScan(final Map<String, Object> structure, final int root, final long ref, final int code) {
        final StructureType type = StructureType.installed().get(code);
        if (type == null) {
            return;
        }
        try {
            final StructureScan scan = StructureScan.of(
                    type.tracer(region, geometry, root, ref), geometry.capacity() / SizeClasses.bytes(0));
            structure.put("elements", scan.elements());
            structure.put("blocks", scan.blocks());
            structure.put("bytes", scan.bytes());
            structure.put("unreadable", scan.unreadable());
        } catch (final RuntimeException | AssertionError e) {
            structure.put("scan", "not possible: " + e.getMessage());
        }
    }

    private static String typeName(final int code) {
        final StructureType type = StructureType.installed().get(code);
        return type == null ? "type " + code : type.name();
    }

    private static List<String> codecs(final UnsafeBuffer block) {
        final List<String> codecs = new ArrayList<>();
        for (final int at : new int[] {RootDescriptor.FIRST_CODEC_OFFSET, RootDescriptor.SECOND_CODEC_OFFSET}) {
            final String codec = RootDescriptor.getText(block, at, RootDescriptor.MAX_CODEC_BYTES);
            if (!codec.isEmpty()) {
                codecs.add(codec);
            }
        }
        return codecs;
    }

    private List<Object> sessions() {
        final List<Object> sessions = new ArrayList<>();
        final UnsafeBuffer line = new UnsafeBuffer(new byte[SessionDescriptor.BYTES]);
        for (int session = 0; session < geometry.sessions(); session++) {
            final long offset = geometry.sessionOffset(session);
            region.read(offset, line, 0, line.capacity());
            final long word = line.getLong(SessionDescriptor.STATE_OFFSET);
            final int state = SessionDescriptor.state(word, offset);
            if (state == SessionDescriptor.FREE) {
                continue;
            }
            final long pid = line.getLong(SessionDescriptor.PID_OFFSET);
            final int length = Math.max(
                    0, Math.min(line.getInt(SessionDescriptor.NAME_LENGTH_OFFSET), SessionDescriptor.MAX_NAME_BYTES));
            final byte[] name = new byte[length];
            line.getBytes(SessionDescriptor.NAME_OFFSET, name);
            final Map<String, Object> map = new LinkedHashMap<>();
            map.put("session", session);
            map.put("name", new String(name, StandardCharsets.UTF_8));
            map.put("state", state == SessionDescriptor.ACTIVE ? "active" : "recovering");
            map.put("incarnation", SessionDescriptor.incarnation(word));
            map.put("pid", Math.abs(pid));
            map.put("remote", pid < 0);
            if (pid > 0) {
                map.put(
                        "processAlive",
                        ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
            }
            map.put("epoch", line.getLong(SessionDescriptor.EPOCH_OFFSET) & CheckedWord.PAYLOAD_MASK);
            sessions.add(map);
        }
        return sessions;
    }

    private void addSlabs(final Map<String, Object> view) {
        final Map<String, Map<String, Integer>> slabs = new LinkedHashMap<>();
        int used = 0;
        for (int unit = 0; unit < geometry.units(); ) {
            final long owner = region.readLong(geometry.slabEntryOffset(unit));
            final int state = SlabTableDescriptor.state(owner);
            if (state == SlabTableDescriptor.FREE) {
                unit++;
                continue;
            }
            final long info = region.readLong(geometry.slabEntryOffset(unit) + SlabTableDescriptor.INFO_OFFSET);
            final int slabClass = Math.min(SlabTableDescriptor.slabClass(info), geometry.slabClasses() - 1);
            slabs.computeIfAbsent(SlabTableDescriptor.stateName(state), name -> new LinkedHashMap<>())
                    .merge(Integer.toString(geometry.slabBytes(slabClass)), 1, Integer::sum);
            used += geometry.slabUnits(slabClass);
            unit += geometry.slabUnits(slabClass);
        }
        view.put("slabs", slabs);
        view.put("usedUnits", used);
        view.put("utilization", (double) used / geometry.units());
    }

    private List<Object> rings() {
        final List<Object> rings = new ArrayList<>();
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            final long ring = geometry.ringOffset(slabClass);
            final long sequencer = region.readLong(ring + RingDescriptor.SEQUENCER_OFFSET);
            final long published = region.readLong(ring + RingDescriptor.PUBLISHED_OFFSET) & CheckedWord.PAYLOAD_MASK;
            final Map<String, Object> map = new LinkedHashMap<>();
            map.put("slabBytes", geometry.slabBytes(slabClass));
            map.put("ticketsGiven", sequencer);
            map.put("published", published);
            map.put("unmetDemand", Math.max(0, sequencer - published));
            rings.add(map);
        }
        return rings;
    }
}
