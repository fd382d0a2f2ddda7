package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.NameDirectory;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SizeClasses;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A byte of the names is damaged: nobody gets a wrong structure, and none is taken apart for it (I13). */
@Timeout(240)
class NamesDamageTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_261_123);
    private static final Map<String, Long> VALUES = Map.of("r0", 0L, "s0", 1L, "s2", 2L, "s3", 3L);
    private static final Map<String, Long> FIRST_NAMES = Map.of("s0", 0L, "s1", 1L, "s2", 2L, "s3", 3L);

    private final SimulatedPool pool = new SimulatedPool();
    private PoolGeometry geometry;
    private byte[] whole;

    /** Some bytes of the names. */
    private record Place(long offset, int bytes) {}

    @BeforeEach
    void fill() {
        final WorkerSession session = pool.open("first");
        geometry = session.geometry();
        final StructureCatalog catalog = new StructureCatalog(session);
        for (int i = 0; i < 5; i++) {
            pool.agentTurn();
            open(session, catalog, "s" + i).set(0, i);
        }
        pool.agentTurn();
        catalog.rename("s0", "r0");
        pool.agentTurn();
        catalog.rename("s1", "s0");
        pool.agentTurn();
        assertThat(catalog.drop("s4")).isTrue();
        pool.turns(60);
        pool.check("filled");
        pool.restart(pool.snapshot());
        pool.turns(20);
        whole = pool.snapshot();
    }

    @AfterEach
    void close() {
        pool.close();
    }

    private static RemoteLongArray open(
            final WorkerSession session, final StructureCatalog catalog, final String name) {
        return new PersistentLongArray(SmallExtents.create(session, catalog, name, ArrayKind.LONGS, Codecs.longs(), 4));
    }

    private List<Place> places() {
        final List<Place> places = new ArrayList<>();
        places.add(new Place(PoolGeometry.namesOffset(), Long.BYTES));
        final long word = pool.region().readLong(PoolGeometry.namesOffset());
        places.add(new Place(LinkWord.offset(word), SizeClasses.bytes(LinkWord.blockClass(word))));
        final UnsafeBuffer block = new UnsafeBuffer(new byte[SizeClasses.bytes(LinkWord.blockClass(word))]);
        pool.region().read(LinkWord.offset(word), block, 0, block.capacity());
        for (final long ref :
                NameDirectory.decode(word, block, block.capacity(), geometry).pages()) {
            if (ref != 0) {
                places.add(new Place(BlockRef.offset(ref), SizeClasses.bytes(BlockRef.blockClass(ref))));
            }
        }
        assertThat(places).as("word, directory and pages").hasSizeGreaterThan(3);
        return places;
    }

    private void flip(final long offset, final int bit) {
        final long aligned = offset & -8;
        final long word = pool.region().readLong(aligned);
        pool.region().writeLong(aligned, word ^ 1L << ((offset & 7) * 8 + bit));
    }

    private Map<String, Long> read() {
        final WorkerSession session = pool.open("reader");
        final StructureCatalog catalog = new StructureCatalog(session);
        final Map<String, Long> found = new HashMap<>();
        for (final String name : catalog.names()) {
            pool.agentTurn();
            found.put(name, open(session, catalog, name).get(0));
        }
        return found;
    }

    private List<Long> rootWords() {
        final List<Long> words = new ArrayList<>();
        for (int root = 0; root < geometry.roots(); root++) {
            words.add(pool.region().readLong(geometry.rootOffset(root)));
        }
        return words;
    }

    @Test
    void shouldLoseNoStructureWhicheverByteOfTheNamesIsDamaged() {
        final Random random = new Random(SEED);
        final List<Long> roots = rootWords();
        int damaged = 0;
        for (final Place place : places()) {
            for (int i = random.nextInt(3); i < place.bytes; i += 1 + random.nextInt(5)) {
                final int bit = random.nextInt(8);
                final String what = "seed " + SEED + ": bit " + bit + " of byte " + (place.offset + i);
                pool.restart(whole);
                flip(place.offset + i, bit);
                final CheckReport report = pool.look();
                pool.turns(20);
                boolean readable = true;
                try {
                    assertThat(read()).as(what).isEqualTo(VALUES);
                } catch (final CorruptedPoolException e) {
                    assertThat(e).as(what).hasMessageContaining("rallocator check");
                    readable = false;
                }
                assertThat(readable || !report.clean()).as(what + ": " + report).isTrue();
                pool.restart(pool.snapshot());
                pool.turns(20);
                assertThat(rootWords()).as(what).isEqualTo(roots);
                damaged += readable ? 0 : 1;
                repair(what);
            }
        }
        assertThat(damaged).as("places where damage matters").isGreaterThan(100);
    }

    /** Afterwards each structure has a name: the one that it had, or the first one. */
    private void repair(final String what) {
        pool.restart(pool.snapshot());
        final CheckReport repaired = pool.repair();
        assertThat(repaired.clean()).as(what + ": " + repaired).isTrue();
        pool.restart(pool.snapshot());
        assertThat(read()).as(what).isIn(VALUES, FIRST_NAMES);
        final WorkerSession session = pool.open("writer");
        final StructureCatalog catalog = new StructureCatalog(session);
        pool.agentTurn();
        catalog.rename("s2", "renamed");
        pool.agentTurn();
        assertThat(open(session, catalog, "renamed").get(0)).as(what).isEqualTo(2);
        pool.turns(20);
        pool.check(what);
    }

    /** Two things are damaged: a root word says that its structure was dropped or has no name, and names are unreadable. */
    @Test
    void shouldTakeNothingApartWhenNamesAreDamagedAndARootWordLooksPending() {
        for (final Place place : places()) {
            for (int root = 0; root < geometry.roots(); root++) {
                pool.restart(whole);
                final long offset = geometry.rootOffset(root);
                final long word = pool.region().readLong(offset);
                if (LinkWord.isPointer(word)) {
                    final String what = "root " + root + ", names at " + place.offset;
                    pool.region().writeLong(offset, word | LinkWord.FROZEN);
                    flip(place.offset, 3);
                    pool.turns(40);
                    assertThat(pool.region().readLong(offset)).as(what).isEqualTo(word | LinkWord.FROZEN);
                    flip(place.offset, 3);
                    pool.turns(40);
                    assertThat(pool.region().readLong(offset)).as(what).isEqualTo(word);
                    assertThat(read()).as(what).isEqualTo(VALUES);
                    pool.check(what);
                }
            }
        }
    }
}
