package io.rallocator.persistence;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Checks that the names of structures can be read, and that names and root words agree.
 *
 * <p>Repair lets a lost names word lead to the only directory that exists. If a directory or a page is damaged, it lets the
 * names be those in the root blocks: structures that were renamed have their first names again.
 */
final class NameCheck {
    private final CheckRun run;
    private final PoolGeometry geometry;
    private final StructureCheck structures;
    private final List<NamePage.Entry> entries = new ArrayList<>();
    private final LongArrayList unreached = new LongArrayList();
    private BitSet dropped = new BitSet();

    /** Why the names word leads to no directory, or null. */
    private String lost;

    private boolean isInRootBlocks;
    private boolean isWhole = true;

    NameCheck(final CheckRun run, final StructureCheck structures) {
        this.run = run;
        this.geometry = run.geometry;
        this.structures = structures;
    }

    private long word() {
        return Links.read(run.region, PoolGeometry.namesOffset());
    }

    // ---- before the structures are followed

    /** Reads the names, and notes that links reach their blocks. */
    void read() {
        final long word = word();
        isInRootBlocks = NameDirectory.isInRootBlocks(word);
        if (isInRootBlocks) {
            readTable();
            return;
        }
        try {
            readDirectory(word);
        } catch (final CorruptedPoolException e) {
            lost = e.getMessage();
            incomplete();
        }
    }

    private void readTable() {
        for (final NamePage.Entry entry : NameTable.read(run.region, geometry).entries()) {
            structures.named(entry.root(), entry.name());
        }
    }

    private void incomplete() {
        isWhole = false;
        structures.incomplete(NameDirectory.STRUCTURE);
    }

    private void readDirectory(final long word) {
        final NameDirectory directory = NameTable.readDirectory(run.region, geometry, word);
        final UnsafeBuffer header = new UnsafeBuffer(new byte[BlockDescriptor.HEADER_BYTES]);
        run.region.read(LinkWord.offset(word), header, 0, header.capacity());
        isWhole &= structures.reachNames(BlockDescriptor.refOf(word, header, 0), PoolGeometry.namesOffset());
        dropped = directory.dropped();
        for (int page = 0; page < NameDirectory.PAGES; page++) {
            readPage(page, directory.page(page), LinkWord.offset(word));
        }
    }

    private void readPage(final int page, final long ref, final long directoryOffset) {
        if (ref == 0) {
            return;
        }
        isWhole &= structures.reachNames(ref, directoryOffset);
        try {
            entries.addAll(NameTable.readPage(run.region, geometry, page, ref).entries());
        } catch (final CorruptedPoolException e) {
            incomplete();
            run.found(Finding.Severity.DAMAGE, BlockRef.offset(ref), e.getMessage(), this::nameByRootBlocks);
        }
        entries.forEach(entry -> structures.named(entry.root(), entry.name()));
    }

    private void nameByRootBlocks() {
        run.write(PoolGeometry.namesOffset(), NameDirectory.inRootBlocks(word()));
    }

    // ---- afterwards

    /** A block of names that is allocated, and that no link reaches. */
    void unreached(final long ref) {
        unreached.addLong(ref);
    }

    /** Compares names and root words. */
    void check() {
        if (lost != null) {
            reportLost();
        } else if (!isInRootBlocks) {
            checkEntries();
        }
    }

    private void reportLost() {
        final LongArrayList directories = new LongArrayList();
        for (int i = 0; i < unreached.size(); i++) {
            if (isDirectory(unreached.getLong(i))) {
                directories.addLong(unreached.getLong(i));
            }
        }
        if (directories.size() == 1) {
            final long ref = directories.getLong(0);
            run.found(
                    Finding.Severity.DAMAGE,
                    PoolGeometry.namesOffset(),
                    lost + "; the directory of names is at offset " + BlockRef.offset(ref),
                    () -> run.write(PoolGeometry.namesOffset(), LinkWord.pointTo(word(), ref)));
        } else {
            run.found(Finding.Severity.DAMAGE, PoolGeometry.namesOffset(), lost, this::nameByRootBlocks);
        }
    }

    private boolean isDirectory(final long ref) {
        try {
            NameTable.readDirectory(run.region, geometry, LinkWord.pointTo(LinkWord.UNINIT, ref));
            return true;
        } catch (final CorruptedPoolException e) {
            return false; // a page, or damaged, which whoever reaches it reports
        }
    }

    private void checkEntries() {
        final Map<Integer, String> names = new HashMap<>();
        final Set<String> taken = new HashSet<>();
        for (final NamePage.Entry entry : entries) {
            final String other = names.putIfAbsent(entry.root(), entry.name());
            if (other != null || !taken.add(entry.name()) || dropped.get(entry.root())) {
                found(entry.root(), "\"" + entry.name() + "\" is not the only name of structure " + entry.root());
            } else if (!leadsTo(entry)) {
                found(
                        entry.root(),
                        "the name \"" + entry.name() + "\" leads to structure " + entry.root()
                                + ", whose root word does not lead to its root block at offset "
                                + BlockRef.offset(entry.ref()));
            }
        }
        for (int root = 0; isWhole && root < geometry.roots(); root++) {
            final long word = Links.read(run.region, geometry.rootOffset(root));
            if (RootDescriptor.isLive(word) && !names.containsKey(root) && !dropped.get(root)) {
                found(root, "structure " + root + " has no name");
            }
        }
    }

    private boolean leadsTo(final NamePage.Entry entry) {
        final long word = Links.read(run.region, geometry.rootOffset(entry.root()));
        return LinkWord.isPointer(word) && LinkWord.offset(word) == BlockRef.offset(entry.ref());
    }

    private void found(final int root, final String what) {
        run.found(Finding.Severity.DAMAGE, geometry.rootOffset(root), what);
    }
}
