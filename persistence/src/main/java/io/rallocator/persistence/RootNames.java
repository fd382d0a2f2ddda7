package io.rallocator.persistence;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;

/**
 * Names structures by what their root blocks say: the names that they were created with. Of two with one name the one that
 * was created last has it, as the other must have been renamed; the other one's gets {@code ~} and its root index.
 */
public final class RootNames {
    private final List<Named> roots = new ArrayList<>();

    /** One structure. */
    private record Named(String name, long createdMs, int root, long ref) {}

    /**
     * Tells whether a block is the root block of a structure.
     *
     * @param block holds its checked part from 0
     * @param root index of the structure
     * @return false if it is damaged or another
     */
    public static boolean isRootBlock(final DirectBuffer block, final int root) {
        return BlockDescriptor.isValid(block, 0, RootDescriptor.WORDS_OFFSET)
                && BlockDescriptor.kind(block, 0) == BlockDescriptor.ROOT
                && BlockDescriptor.structure(block, 0) == root
                && BlockDescriptor.locator(block, 0) == root;
    }

    /**
     * Adds a structure.
     *
     * @param word its root word
     * @param block holds its whole root block from 0
     */
    public void add(final long word, final DirectBuffer block) {
        roots.add(new Named(
                RootDescriptor.getText(block, RootDescriptor.NAME_OFFSET, RootDescriptor.MAX_NAME_BYTES),
                block.getLong(RootDescriptor.CREATED_OFFSET),
                (int) BlockDescriptor.locator(block, 0),
                BlockDescriptor.refOf(word, block, 0)));
    }

    /**
     * Names what was added.
     *
     * @return the pages
     */
    public NamePage[] pages() {
        final Map<String, Named> names = new HashMap<>();
        roots.sort(Comparator.comparingLong(Named::createdMs).thenComparingInt(Named::root));
        for (int i = roots.size() - 1; i >= 0; i--) {
            names.putIfAbsent(roots.get(i).name, roots.get(i));
        }
        for (final Named root : roots) {
            if (names.get(root.name).root != root.root) {
                names.put(freeName(root, names), root);
            }
        }
        final NamePage[] pages = new NamePage[NameDirectory.PAGES];
        Arrays.fill(pages, NamePage.EMPTY);
        names.forEach((name, root) -> {
            final int page = NameDirectory.pageOf(name);
            pages[page] = pages[page].with(new NamePage.Entry(name, root.root, root.ref));
        });
        return pages;
    }

    private static String freeName(final Named root, final Map<String, Named> taken) {
        String suffix = "~" + root.root;
        for (; ; ) {
            final String name = shortened(root.name, RootDescriptor.MAX_NAME_BYTES - suffix.length()) + suffix;
            if (!taken.containsKey(name)) {
                return name;
            }
            suffix += "~";
        }
    }

    private static String shortened(final String name, final int maxBytes) {
        String shorter = name;
        while (shorter.getBytes(StandardCharsets.UTF_8).length > maxBytes) {
            shorter = shorter.substring(0, shorter.offsetByCodePoints(shorter.length(), -1));
        }
        return shorter;
    }
}
