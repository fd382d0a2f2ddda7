package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.Seeds;
import io.rallocator.persistence.SlabLayout;
import io.rallocator.persistence.SlabTableDescriptor;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens to freed blocks and emptied slabs (traps 1 and 2). */
@Timeout(60)
class FreePathTest {
    private static final int ROOT = 1;
    private static final int KILOBYTE = 1000;
    private static final int ONE_A_SLAB = 3000;
    private static final Operation FREE = Operation.named("slab.free");

    private static long word(final World world, final Cells cells, final int cell) {
        return world.region.readLong(cells.link(cell));
    }

    private static long ref(final World world, final Cells cells, final int cell) {
        final long word = word(world, cells, cell);
        final long header = world.region.readLong(LinkWord.offset(word) + 8);
        return BlockRef.of(LinkWord.offset(word), LinkWord.blockClass(word), 0, (int) (header >>> 56));
    }

    private static long base(final World world, final long ref) {
        return world.geometry.unitOffset(world.geometry.slabUnitAt(BlockRef.offset(ref), 0));
    }

    private static long stateOfSlab(final World world, final long ref) {
        return world.region.readLong(base(world, ref) + SlabLayout.STATE_OFFSET) & CheckedWord.PAYLOAD_MASK;
    }

    private static int stateOfUnit(final World world, final long ref) {
        final int unit = world.geometry.slabUnitAt(BlockRef.offset(ref), 0);
        return SlabTableDescriptor.state(world.region.readLong(world.geometry.slabEntryOffset(unit)));
    }

    private static long acquired(final WorkerSession session) {
        return session.count(Operation.named("slab.acquire"), Figure.CHAINS);
    }

    private static void put(final World world, final Cells cells, final int cell, final long value) {
        world.turns(2);
        cells.put(cell, value, KILOBYTE);
    }

    @Test
    void shouldReuseWhatOtherSessionsFreedInItsSlabs() {
        try (World world = World.small()) {
            final WorkerSession owner = world.open("owner");
            final Cells cells = world.cells(owner, ROOT, 6);
            final Cells theirs = world.cells(world.open("other"), ROOT, 6);
            long before = 0;
            for (int round = 0; round < 100; round++) {
                for (int cell = 0; cell < 6; cell++) {
                    put(world, cells, cell, round);
                }
                for (int cell = 0; cell < 6; cell++) {
                    put(world, theirs, cell, -round);
                }
                before = round == 10 ? acquired(owner) : before;
            }
            assertThat(acquired(owner))
                    .as("round trips for slabs after the tenth round")
                    .isEqualTo(before);
            world.checkAll("foreign frees");
        }
    }

    @Test
    void shouldGiveEmptySlabsBackAboveTheThreshold() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("giver");
            session.emptyUnitsThreshold(3);
            final Cells cells = world.cells(session, ROOT, 12);
            for (int cell = 0; cell < 12; cell++) {
                world.agentTurn();
                cells.put(cell, cell, ONE_A_SLAB);
            }
            final long first = ref(world, cells, 0);
            for (int cell = 0; cell < 12; cell++) {
                world.agentTurn();
                cells.remove(cell);
            }
            world.turns(10);
            final long requests = session.count(FREE, Figure.CHAINS);
            assertThat(requests).isBetween(7L, 9L); // of twelve, three stay, and one may still be the current one
            world.turns(10);
            int free = 0;
            for (int unit = 0; unit < world.geometry.units(); unit++) {
                free += SlabTableDescriptor.state(world.region.readLong(world.geometry.slabEntryOffset(unit)))
                                == SlabTableDescriptor.FREE
                        ? 1
                        : 0;
            }
            assertThat(world.geometry.units() - free).isLessThan(12);
            assertThat(first).isPositive();
            world.checkAll("threshold");
        }
    }

    /** A block whose life goes round the 256 generations several times. */
    @Test
    void shouldSurviveTheWrapOfABlocksGeneration() {
        try (World world = World.small()) {
            final Cells cells = world.cells(world.open("one"), ROOT, 2);
            final Cells theirs = world.cells(world.open("other"), ROOT, 2);
            final Set<Integer> generations = new HashSet<>();
            put(world, cells, 1, 1); // keeps the slab from becoming empty, which begins all generations anew
            put(world, cells, 0, 1);
            final long offset = BlockRef.offset(ref(world, cells, 0));
            for (int i = 0; i < 3_000; i++) {
                put(world, i % 7 == 0 ? theirs : cells, 0, i);
                final long ref = ref(world, cells, 0);
                if (BlockRef.offset(ref) == offset) {
                    generations.add(BlockRef.generation(ref));
                }
                assertThat(cells.get(0)).isEqualTo(i);
            }
            assertThat(generations).as("generations of one block").hasSize(256);
            world.checkAll("wrapped");
        }
    }

    /** Trap 1: recovery freed the block for the dead session, it is used again, then the mark comes after all. */
    @Test
    void shouldIgnoreALateOrRepeatedMark() {
        try (World world = World.small()) {
            final Cells cells = world.cells(world.open("owner"), ROOT, 3);
            final WorkerSession dead = world.open("dead");
            final Cells theirs = world.cells(dead, ROOT, 3);
            put(world, cells, 0, 1);
            put(world, cells, 2, 1); // keeps the slab from becoming empty, which begins all generations anew
            final long ref = ref(world, cells, 0);
            theirs.put(0, 2, KILOBYTE); // owes the mark
            world.kill(dead);
            world.turns(10);
            int tries = 0;
            do {
                put(world, cells, 1, tries);
            } while (BlockRef.offset(ref(world, cells, 1)) != BlockRef.offset(ref) && tries++ < 50);
            assertThat(BlockRef.offset(ref(world, cells, 1))).isEqualTo(BlockRef.offset(ref));
            assertThat(BlockRef.generation(ref(world, cells, 1))).isEqualTo(BlockRef.generation(ref) + 1);
            world.region.buffer().putByte((int) BlockLife.freedByteOffset(world.geometry, ref), (byte)
                    BlockRef.generation(ref));
            world.turns(10);
            for (int i = 0; i < 30; i++) {
                put(world, cells, 0, i);
                assertThat(BlockRef.offset(ref(world, cells, 0))).isNotEqualTo(BlockRef.offset(ref));
            }
            assertThat(cells.get(1)).isEqualTo(tries);
            world.checkAll("late mark");
        }
    }

    /** Trap 2: what the owner freed after it sealed the slab is known to recovery by the freed byte. */
    @Test
    void shouldKnowWhatWasFreedInASealedSlabWhenItsOwnerDies() {
        try (World world = World.small()) {
            final Cells survivor = world.cells(world.open("survivor"), ROOT, 8);
            final WorkerSession dead = world.open("dead");
            final Cells cells = world.cells(dead, ROOT, 8);
            for (int cell = 0; cell < 5; cell++) {
                put(world, cells, cell, cell);
            }
            final long ref = ref(world, cells, 0);
            assertThat(stateOfSlab(world, ref)).isEqualTo(SlabLayout.SEALED);
            cells.remove(0);
            world.turns(3);
            world.kill(dead);
            world.turns(10);
            assertThat(stateOfUnit(world, ref)).isEqualTo(SlabTableDescriptor.ORPHANED);
            boolean reused = false;
            for (int i = 0; i < 20; i++) {
                put(world, survivor, 7, i);
                reused |= BlockRef.offset(ref(world, survivor, 7)) == BlockRef.offset(ref);
            }
            assertThat(reused).isTrue();
            world.checkAll("freed after sealing");
        }
    }

    /** Trap 2: a sealed slab is durably OPEN before the first link to a block that was allocated since. */
    @Test
    void shouldOpenASealedSlabBeforeItIsUsedAgain() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("owner");
            final Cells cells = world.cells(session, ROOT, 8);
            for (int cell = 0; cell < 5; cell++) {
                put(world, cells, cell, cell);
            }
            final long ref = ref(world, cells, 0);
            final long base = base(world, ref);
            assertThat(stateOfSlab(world, ref)).isEqualTo(SlabLayout.SEALED);
            cells.remove(0);
            world.turns(5);
            boolean reused = false;
            for (int i = 0; i < 20 && !reused; i++) {
                put(world, cells, 6, i);
                reused = base(world, ref(world, cells, 6)) == base;
            }
            assertThat(reused).isTrue();
            assertThat(stateOfSlab(world, ref)).isEqualTo(SlabLayout.OPEN);
            world.kill(session);
            world.checkAll("opened again");
        }
    }

    /** A slab that gets blocks back from another lane in both words of its bitmap is put away once. */
    @Test
    void shouldPutASlabAwayOnceWhenAnotherLaneGaveItsBlocksBack() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("two lanes");
            session.emptyUnitsThreshold(0);
            final int small = 24;
            final int blocks = SlabLayout.of(4096, 0).blocks();
            assertThat(blocks).isGreaterThan(64);
            final Cells cells = world.cells(session, ROOT, blocks + 1);
            final Lane first = session.acquire();
            for (int cell = 0; cell <= blocks; cell++) { // one more, so that the first slab is not the current one
                world.agentTurn();
                cells.write(first, cell, cell, small, Cells.PUT);
            }
            final Lane second = session.acquire();
            session.release(first);
            for (int cell = 0; cell < blocks; cell++) {
                world.agentTurn();
                cells.write(second, cell, -cell, KILOBYTE, Cells.PUT);
            }
            session.release(second);
            world.turns(30);
            assertThat(session.count(FREE, Figure.CHAINS)).isEqualTo(1);
            world.checkAll("given back");
        }
    }

    /** The freed bytes of a slab's earlier life are in NVM until its new header is written. */
    @Test
    void shouldNotHarvestMarksOfAnEarlierLifeOfASlab() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("owner");
            world.open("peer");
            world.turns(3);
            final Lane lane = session.acquire();
            final Set<Long> refs = new HashSet<>();
            final SlabLayout layout = SlabLayout.of(4096, BlockRef.blockClass(lane.allocate(KILOBYTE)));
            for (int i = 1; i < layout.blocks(); i++) {
                refs.add(lane.allocate(KILOBYTE));
            }
            final long any = refs.iterator().next();
            for (int index = 0; index < layout.blocks(); index++) {
                world.region.buffer().putByte((int) base(world, any) + layout.freedOffset() + index, (byte) 1);
            }
            world.agentTurn();
            refs.add(lane.allocate(KILOBYTE)); // looks for freed blocks in the slab first
            session.release(lane);
            world.turns(10);
            final Lane again = session.acquire();
            for (int i = 0; i < 20; i++) {
                world.agentTurn();
                assertThat(refs.add(again.allocate(KILOBYTE))).isTrue();
            }
            session.release(again);
        }
    }

    /** What this session freed before it adopted the slab is found although there are no peers. */
    @Test
    void shouldFindWhatItFreedItselfBeforeItAdoptedTheSlab() {
        try (World world = World.small()) {
            final WorkerSession earlier = world.open("earlier");
            final Cells before = world.cells(earlier, ROOT, 12);
            for (int cell = 0; cell < 9; cell++) {
                put(world, before, cell, cell);
            }
            before.remove(1); // room in the first slab, so that it is adopted
            world.turns(5);
            world.close(earlier);
            world.turns(10);
            final WorkerSession session = world.open("alone");
            final Cells cells = world.cells(session, ROOT, 12);
            final long ref = ref(world, cells, 0);
            assertThat(stateOfUnit(world, ref)).isEqualTo(SlabTableDescriptor.ORPHANED);
            world.agentTurn();
            cells.remove(0); // owes the mark
            cells.put(10, 1, KILOBYTE); // adopts, in the chain that writes the mark
            boolean reused = false;
            for (int i = 0; i < 40 && !reused; i++) {
                put(world, cells, 11, i);
                reused = BlockRef.offset(ref(world, cells, 11)) == BlockRef.offset(ref);
            }
            assertThat(stateOfUnit(world, ref)).isEqualTo(SlabTableDescriptor.OWNED);
            assertThat(reused).isTrue();
            world.checkAll("adopted");
        }
    }

    /** Two workers replace each other's blocks at random, one of them comes and goes. */
    @Test
    void shouldNeitherLeakNorLoseOverALongRandomHistory() {
        final long seed = Seeds.seed("FreePathTest");
        final Random random = new Random(seed);
        final long[] model = new long[40];
        try (World world = World.of(4096, 16384)) {
            final WorkerSession stays = world.open("stays");
            stays.emptyUnitsThreshold(2);
            final Cells cells = world.cells(stays, ROOT, model.length);
            for (int life = 0; life < 15; life++) {
                final WorkerSession guest = world.open("guest");
                guest.emptyUnitsThreshold(1);
                final Cells theirs = world.cells(guest, ROOT, model.length);
                for (int i = 0; i < 150; i++) {
                    if (random.nextInt(3) == 0) {
                        world.turn();
                    } else {
                        world.agentTurn();
                    }
                    final int cell = random.nextInt(model.length);
                    final Cells who = random.nextBoolean() ? cells : theirs;
                    if (random.nextInt(3) == 0) {
                        who.remove(cell);
                        model[cell] = 0;
                    } else {
                        model[cell] = 1L + random.nextInt(1_000);
                        who.put(cell, model[cell], 24 + random.nextInt(2_500));
                    }
                }
                if (random.nextBoolean()) {
                    world.close(guest);
                } else {
                    world.kill(guest);
                }
                world.turns(random.nextInt(12));
                for (int cell = 0; cell < model.length; cell++) {
                    assertThat(cells.get(cell))
                            .as("seed %d, life %d, cell %d", seed, life, cell)
                            .isEqualTo(model[cell] == 0 ? Cells.ABSENT : model[cell]);
                }
            }
            world.checkAll("seed " + seed);
        }
    }
}
