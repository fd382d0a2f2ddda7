package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Nobody acts on a link word that power loss may take back. */
class LinksTest {
    private static final long OFFSET = 64;
    private static final long OLD = LinkWord.special(LinkWord.UNINIT, 1);
    private static final long NEW = LinkWord.special(OLD, 2);
    private static final long NEWER = LinkWord.special(NEW, 3);

    /** Durability POWER; says which words were persisted. */
    private static final class PowerRegion extends HeapNvmRegion {
        private final List<Long> persisted = new ArrayList<>();

        PowerRegion() {
            super(4096);
        }

        @Override
        public Durability durability() {
            return Durability.POWER;
        }

        @Override
        public void persist(final long offset, final long length) {
            persisted.add(offset);
        }
    }

    private final PowerRegion region = new PowerRegion();

    @Test
    void shouldTagASwappedWordUntilItIsSettled() {
        assertThat(Links.swap(region, OFFSET, LinkWord.UNINIT, OLD)).isEqualTo(LinkWord.UNINIT);
        assertThat(region.readLong(OFFSET)).isEqualTo(OLD | LinkWord.DIRTY);
        assertThat(Links.settle(region, OFFSET, OLD)).isEqualTo(OLD);
        assertThat(region.readLong(OFFSET)).isEqualTo(OLD);
        assertThat(region.persisted).isEmpty();
    }

    @Test
    void shouldPersistATaggedWordBeforeItIsSeen() {
        region.writeLong(OFFSET, OLD | LinkWord.DIRTY);
        assertThat(Links.read(region, OFFSET)).isEqualTo(OLD);
        assertThat(region.persisted).containsExactly(OFFSET);
        assertThat(Links.read(region, OFFSET)).isEqualTo(OLD);
        assertThat(region.persisted).containsExactly(OFFSET);
    }

    @Test
    void shouldPersistOnlyTheTaggedOnesOfManyWords() {
        region.writeLong(OFFSET, OLD);
        region.writeLong(OFFSET + 8, NEW | LinkWord.DIRTY);
        region.writeLong(OFFSET + 16, NEWER | LinkWord.DIRTY);
        final UnsafeBuffer words = new UnsafeBuffer(new byte[32]);
        Links.read(region, OFFSET, words, 0, 32);
        assertThat(new long[] {words.getLong(0), words.getLong(8), words.getLong(16), words.getLong(24)})
                .containsExactly(OLD, NEW, NEWER, LinkWord.UNINIT);
        assertThat(region.persisted).containsExactly(OFFSET + 8, OFFSET + 16);
        assertThat(region.readLong(OFFSET + 16)).isEqualTo(NEWER);
    }

    @Test
    void shouldPersistATaggedWordBeforeItIsReplaced() {
        region.writeLong(OFFSET, OLD | LinkWord.DIRTY);
        assertThat(Links.swap(region, OFFSET, OLD, NEW)).isEqualTo(OLD);
        assertThat(region.persisted).containsExactly(OFFSET);
        assertThat(region.readLong(OFFSET)).isEqualTo(NEW | LinkWord.DIRTY);
    }

    @Test
    void shouldAnswerWithADurableWordWhenTheSwapFails() {
        region.writeLong(OFFSET, NEW | LinkWord.DIRTY);
        assertThat(Links.swap(region, OFFSET, OLD, NEWER)).isEqualTo(NEW);
        assertThat(region.persisted).containsExactly(OFFSET);
        assertThat(region.readLong(OFFSET)).isEqualTo(NEW);
    }

    @Test
    void shouldLeaveAWordAloneThatFollowedTheOneToBeSettled() {
        region.writeLong(OFFSET, NEW | LinkWord.DIRTY);
        Links.settle(region, OFFSET, OLD);
        assertThat(region.readLong(OFFSET)).isEqualTo(NEW | LinkWord.DIRTY);
    }

    @Test
    void shouldUseNoTagsAtProcessDurability() {
        final HeapNvmRegion process = new HeapNvmRegion(4096);
        Links.swap(process, OFFSET, LinkWord.UNINIT, OLD);
        assertThat(process.readLong(OFFSET)).isEqualTo(OLD);
        process.writeLong(OFFSET, OLD | LinkWord.DIRTY);
        assertThat(Links.read(process, OFFSET)).isEqualTo(OLD);
        assertThat(Links.swap(process, OFFSET, OLD, NEW)).isEqualTo(OLD);
        assertThat(process.readLong(OFFSET)).isEqualTo(NEW);
    }
}
