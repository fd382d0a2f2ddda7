package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.RallocatorException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Elements that a codec cannot read back: said where they are; in nobody's way; to be removed or replaced. */
@Timeout(60)
class UnreadableElementTest {
    private static final String BAD = "bad";

    /** Texts; what begins with "bad" it writes but does not read. */
    static final Codec<String> PICKY = new Codec<>() {
        @Override
        public String id() {
            return "utf8";
        }

        @Override
        public int encode(final String value, final MutableDirectBuffer target, final int index) {
            return Codecs.string().encode(value, target, index);
        }

        @Override
        public String decode(final DirectBuffer source, final int index, final int length) {
            final String value = Codecs.string().decode(source, index, length);
            if (value.startsWith(BAD)) {
                throw new IllegalArgumentException("I do not read this");
            }
            return value;
        }
    };

    private TestPool pool;
    private RemoteHeap heap;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(16);
        heap = pool.embedded();
    }

    @AfterEach
    void check() {
        heap.close();
        pool.check();
        pool.close();
    }

    private static UnreadableElementException unreadable(final Runnable call) {
        return catchThrowableOfType(UnreadableElementException.class, call::run);
    }

    private static byte[] utf8(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private RemoteMap<String, String> fill(final String name) {
        final RemoteMap<String, String> map = heap.map(name, PICKY, PICKY);
        for (int i = 0; i < 300; i++) {
            map.set("key " + i, "value " + i);
        }
        map.set("key 150", BAD + " value");
        return map;
    }

    private long wordAt(final long offset) throws IOException {
        final byte[] word = new byte[8];
        try (RandomAccessFile file = new RandomAccessFile(pool.file().toFile(), "r")) {
            file.seek(offset);
            file.readFully(word);
        }
        return new UnsafeBuffer(word).getLong(0);
    }

    // ---- map

    @Test
    void shouldSayWhereItIsAndServeTheOthersWhenAValueOfAMapIsUnreadable() throws IOException {
        final RemoteMap<String, String> map = fill("map");
        final UnreadableElementException failed = unreadable(() -> map.get("key 150"));
        final UnsafeBuffer key = new UnsafeBuffer(utf8("key 150"));
        final long hash = Bytes.hash(key, 0, key.capacity());
        assertThat(failed.structure()).isEqualTo("map");
        assertThat(failed.keyHash()).hasValue(hash);
        assertThat(failed.index()).isEmpty();
        assertThat(failed.isGone()).isFalse();
        assertThat(failed.bytes()).isEqualTo(utf8("bad value"));
        assertThat(failed.category()).isEqualTo(RallocatorException.Category.INVALID);
        assertThat(LinkWord.isPointer(wordAt(failed.offset().orElseThrow()))).isTrue();
        assertThat(failed)
                .hasMessageContaining(
                        "codec utf8 cannot decode 9 bytes of map 'map', key hash 0x" + Long.toHexString(hash))
                .hasMessageContaining("word at offset " + failed.offset().orElseThrow())
                .hasMessageContaining("they are still there")
                .hasCauseInstanceOf(IllegalArgumentException.class);
        assertThat(map.sizeLong()).isEqualTo(300);
        assertThat(map.containsKey("key 150")).isTrue();
        assertThat(map.containsValue("bad value")).isTrue();
        assertThat(map.keySet()).hasSize(300).contains("key 150");
        for (int i = 0; i < 300; i++) {
            if (i != 150) {
                assertThat(map.get("key " + i)).isEqualTo("value " + i);
            }
        }
        final List<byte[]> shown = new ArrayList<>();
        map.read("key 150", (buffer, index, length) -> {
            final byte[] bytes = new byte[length];
            buffer.getBytes(index, bytes);
            shown.add(bytes);
        });
        assertThat(shown).containsExactly(utf8("bad value"));
    }

    @Test
    void shouldChangeNothingWhenWhatAFunctionNeedsIsUnreadable() {
        final RemoteMap<String, String> map = fill("map");
        final List<Runnable> calls = List.of(
                () -> map.compute("key 150", (key, old) -> "x"),
                () -> map.merge("key 150", "x", String::concat),
                () -> map.computeIfAbsent("key 150", key -> "x"),
                () -> map.putIfAbsent("key 150", "x"),
                () -> map.replaceAll((key, old) -> old),
                () -> map.forEach((key, value) -> {}),
                () -> map.getAll(Set.of("key 150")),
                () -> map.entrySet().removeIf(entry -> false));
        for (final Runnable call : calls) {
            final UnreadableElementException failed = unreadable(call);
            assertThat(failed.isGone()).isFalse();
            assertThat(failed.bytes()).isEqualTo(utf8("bad value"));
        }
        assertThat(map.sizeLong()).isEqualTo(300);
    }

    @Test
    void shouldHaveDoneWhatItSaysAndKeepTheBytesWhenTheReplacedValueIsUnreadable() {
        final RemoteMap<String, String> map = fill("map");
        final UnreadableElementException replaced = unreadable(() -> map.put("key 150", "good"));
        assertThat(replaced.isGone()).isTrue();
        assertThat(replaced.bytes()).isEqualTo(utf8("bad value"));
        assertThat(replaced).hasMessageContaining("they have left the structure");
        assertThat(map.get("key 150")).isEqualTo("good");
        map.set("key 150", "bad again");
        final UnreadableElementException removed = unreadable(() -> map.remove("key 150"));
        assertThat(removed.isGone()).isTrue();
        assertThat(removed.bytes()).isEqualTo(utf8("bad again"));
        assertThat(map.containsKey("key 150")).isFalse();
        assertThat(map.sizeLong()).isEqualTo(299);
    }

    @Test
    void shouldReplaceOrRemoveWithoutAnExceptionWhenTheOldValueIsNotWanted() {
        final RemoteMap<String, String> map = fill("map");
        assertThat(map.set("key 150", "good")).isFalse();
        map.set("key 150", "bad");
        assertThat(map.replace("key 150", "bad", "good")).isTrue();
        map.set("key 150", "bad");
        assertThat(map.remove("key 150", "bad")).isTrue();
        map.set("key 150", "bad");
        assertThat(map.delete("key 150")).isTrue();
        assertThat(map.keySet()).hasSize(299).doesNotContain("key 150");
        assertThat(new HashSet<>(map.values())).hasSize(299);
    }

    @Test
    void shouldPassAndRemoveUnreadableEntriesWhenAnIteratorMeetsThem() {
        final RemoteMap<String, String> map = fill("map");
        map.set("bad key", "value");
        int shown = 0;
        int passed = 0;
        for (final Iterator<Map.Entry<String, String>> iterator = map.entrySet().iterator(); iterator.hasNext(); ) {
            try {
                iterator.next();
                shown++;
            } catch (final UnreadableElementException e) {
                passed++;
                iterator.remove();
                assertThatThrownBy(iterator::remove).isInstanceOf(IllegalStateException.class);
            }
        }
        assertThat(shown).isEqualTo(299);
        assertThat(passed).isEqualTo(2);
        assertThat(map).hasSize(299).doesNotContainKey("key 150");
    }

    /** The batch is another one by then. */
    @Test
    void shouldRemoveTheEntryThatWasReturnedWhenTheIteratorHasReadOn() {
        final RemoteMap<String, String> map = heap.map("map", Codecs.string(), Codecs.string());
        for (int i = 0; i < 1_000; i++) {
            map.set("key " + i, "value");
        }
        final Iterator<String> keys = map.keySet().iterator();
        final Set<String> expected = new HashSet<>(map.keySet());
        for (boolean more = true; more; ) {
            final String key = keys.next();
            more = keys.hasNext();
            keys.remove();
            expected.remove(key);
        }
        assertThat(map).isEmpty();
        assertThat(expected).isEmpty();
    }

    @Test
    void shouldFindItByTheKeyWhenTheKeyIsUnreadable() {
        final RemoteMap<String, String> map = heap.map("map", PICKY, PICKY);
        map.put("bad key", "value");
        assertThat(map.get("bad key")).isEqualTo("value");
        final UnreadableElementException failed =
                unreadable(() -> map.keySet().iterator().next());
        assertThat(failed.keyHash()).isPresent();
        assertThat(failed.bytes()).isEqualTo(utf8("bad key"));
        assertThat(map.values()).containsExactly("value");
        assertThat(map.remove("bad key")).isEqualTo("value");
        assertThat(map).isEmpty();
    }

    @Test
    void shouldSayAllButTheOffsetWhenTheHeapIsClosedMeanwhile() {
        final RemoteMap<String, String> map = heap.map("map", PICKY, PICKY);
        map.put("key", "bad");
        final Iterator<String> values = map.values().iterator();
        assertThat(values.hasNext()).isTrue();
        heap.close();
        final UnreadableElementException failed = unreadable(values::next);
        assertThat(failed.offset()).isEmpty();
        assertThat(failed.bytes()).isEqualTo(utf8("bad"));
        assertThat(failed.getSuppressed()).hasSize(1).allMatch(e -> e instanceof HeapClosedException);
    }

    @Test
    void shouldKeepTheBytesOnlyOfWhatIsGoneWhenAValueIsLarge() {
        final RemoteMap<String, String> map = heap.map("map", Codecs.string(), PICKY);
        final String large = BAD + "x".repeat(5 << 20);
        map.set("key", large);
        assertThat(unreadable(() -> map.get("key")).bytes()).isEmpty();
        assertThat(unreadable(() -> map.remove("key")).bytes()).isEqualTo(utf8(large));
        assertThat(map).isEmpty();
    }

    @Test
    void shouldSayTheNewNameWhenTheStructureWasRenamed() {
        final RemoteMap<String, String> map = heap.map("old", PICKY, PICKY);
        map.put("key", "bad");
        heap.rename("old", "new");
        assertThat(unreadable(() -> map.get("key")).structure()).isEqualTo("new");
    }

    // ---- queue

    @Test
    void shouldTakeUnreadableElementsWhereverTheyAreWhenTheyAreInAQueue() throws IOException {
        final RemoteQueue<String> queue = heap.queue("queue", PICKY);
        queue.addAll(List.of("a", "bad 1", "b"));
        queue.add("bad 2");
        queue.add("c");
        assertThat(queue.poll()).isEqualTo("a");
        final UnreadableElementException seen = unreadable(queue::peek);
        assertThat(seen.isGone()).isFalse();
        assertThat(seen.structure()).isEqualTo("queue");
        assertThat(seen.keyHash()).isEmpty();
        assertThat(LinkWord.isPointer(wordAt(seen.offset().orElseThrow()))).isTrue();
        assertThat(seen).hasMessageContaining("queue 'queue', slot offset 0x");
        final UnreadableElementException taken = unreadable(queue::poll);
        assertThat(taken.isGone()).isTrue();
        assertThat(taken.bytes()).isEqualTo(utf8("bad 1"));
        final Iterator<String> iterator = queue.iterator();
        assertThat(iterator.next()).isEqualTo("b");
        assertThat(unreadable(iterator::next).bytes()).isEqualTo(utf8("bad 2"));
        iterator.remove();
        assertThat(iterator.next()).isEqualTo("c");
        assertThat(queue).containsExactly("b", "c");
    }

    @Test
    void shouldKeepTheBytesOfEachWhenSeveralOfADrainAreUnreadable() {
        final RemoteQueue<String> queue = heap.queue("queue", PICKY);
        queue.addAll(List.of("a", "bad 1", "b", "bad 2", "c"));
        final List<String> target = new ArrayList<>();
        final UnreadableElementException failed = unreadable(() -> queue.drainTo(target));
        assertThat(target).containsExactly("a", "b", "c");
        assertThat(failed.bytes()).isEqualTo(utf8("bad 1"));
        assertThat(failed.getSuppressed()).hasSize(1);
        assertThat(((UnreadableElementException) failed.getSuppressed()[0]).bytes())
                .isEqualTo(utf8("bad 2"));
        assertThat(queue).isEmpty();
    }

    // ---- array

    @Test
    void shouldPassAndSetUnreadableElementsWhenTheyAreInAnArray() throws IOException {
        final RemoteArray<String> array = heap.array("array", PICKY, 300);
        for (int i = 0; i < 300; i++) {
            array.set(i, "element " + i);
        }
        array.set(0, "bad 0");
        array.set(150, "bad 150");
        array.set(299, "bad 299");
        final UnreadableElementException seen = unreadable(() -> array.get(150));
        assertThat(seen.index()).hasValue(150);
        assertThat(seen.isGone()).isFalse();
        assertThat(seen.structure()).isEqualTo("array");
        assertThat(LinkWord.isPointer(wordAt(seen.offset().orElseThrow()))).isTrue();
        assertThat(seen).hasMessageContaining("array 'array', index 150, word at offset");
        assertThat(walk(array.iterator())).isEqualTo(297);
        final ListIterator<String> backwards = array.listIterator(300);
        assertThat(unreadable(backwards::previous).index()).hasValue(299);
        backwards.set("good 299");
        assertThat(backwards.previous()).isEqualTo("element 298");
        final UnreadableElementException replaced = unreadable(() -> array.set(0, "good 0"));
        assertThat(replaced.isGone()).isTrue();
        assertThat(replaced.bytes()).isEqualTo(utf8("bad 0"));
        assertThat(array.compareAndSet(150, "bad 150", null)).isTrue();
        assertThat(array.get(0)).isEqualTo("good 0");
        assertThat(array.get(299)).isEqualTo("good 299");
        assertThat(array).hasSize(300).contains("good 299");
    }

    /** Returns how many could be read. */
    private static int walk(final Iterator<String> iterator) {
        int read = 0;
        while (iterator.hasNext()) {
            try {
                iterator.next();
                read++;
            } catch (final UnreadableElementException e) {
                assertThat(e.index()).isPresent();
            }
        }
        return read;
    }
}
