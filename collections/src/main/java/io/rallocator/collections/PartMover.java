package io.rallocator.collections;

import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.SessionId;
import io.rallocator.persistence.StructureDroppedException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the parts of one structure from blade to blade (docs/ARCHITECTURE.md, "Moving a part"):
 *
 * <ol>
 * <li>The part's word says where the next instance will be.
 * <li>The part is sealed ({@link StructureSealer}): it stands still.
 * <li>It is copied into the next instance.
 * <li>The word is swapped to the next instance alone.
 * <li>The sealed instance is dropped.
 * </ol>
 *
 * <p>Whoever finds the word of a mover whose session has ended takes over: with another next instance, so that the first mover, if it was only asleep,
 * copies into one that nobody will ever use, and fails at step 4. If the copy cannot be made, the part is put back: the next instance is then on
 * the same blade, and the table gets its name. Each step can be repeated; the word decides who was right.
 *
 * <p>Threads: any.
 */
final class PartMover {
    private static final Logger LOGGER = LoggerFactory.getLogger(PartMover.class);
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(30);

    /** A mover that has not said who it is after this time has died. */
    private static final long UNKNOWN_NS = TimeUnit.SECONDS.toNanos(1);

    private final Seats seats;
    private final Placement placement;

    PartMover(final Seats seats, final Placement placement) {
        this.seats = seats;
        this.placement = placement;
    }

    /**
     * Makes sure that a part is not on a blade, nor moving there.
     *
     * @param blade to be left
     * @param part number
     * @return true if it was there
     * @throws io.rallocator.persistence.RallocatorException if it could not be moved: it is where it was, or others finish it
     */
    boolean moveFrom(final int blade, final int part) {
        boolean wasThere = false;
        for (; ; ) {
            final long word = placement.read(part);
            wasThere |= PartWord.blade(word) == blade;
            if (PartWord.isMoving(word)) {
                await(part, word); // also if we began it, and were overtaken
            } else if (PartWord.blade(word) != blade) {
                return wasThere;
            } else {
                final long moving = moving(part, word);
                if (placement.swap(part, word, moving)) {
                    finish(part, moving);
                }
            }
        }
    }

    /** The word of a part with another blade as its next one, which nothing was moved to before. */
    private long moving(final int part, final long word) {
        final int next =
                seats.chooseBut(PartWord.blade(word), part + placement.id().hashCode());
        return PartWord.moving(word, next, PartWord.unusedInstance(word));
    }

    /**
     * Waits while a part is moving. If its mover has died, takes over.
     *
     * @param part number
     * @param word of it
     * @throws PoolUnavailableException if it is still moving after 30 s
     */
    void await(final int part, final long word) {
        final long from = System.nanoTime();
        while (placement.read(part) == word) {
            final SessionId mover = seats.members().mover(sourceName(part, word), word);
            final long waited = System.nanoTime() - from;
            if (mover == null ? waited > UNKNOWN_NS : seats.root().hasEnded(mover)) {
                takeOver(part, word);
                return;
            }
            if (waited > PATIENCE_NS) {
                throw new PoolUnavailableException("part " + part + " of '" + placement.name()
                        + "' is being moved from blade " + PartWord.blade(word) + " to blade "
                        + PartWord.blade(PartWord.next(word)) + " by " + mover + ", for more than "
                        + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NS) + " s; try again");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    void takeOver(final int part, final long word) {
        LOGGER.info("taking over the move of part {} of '{}'", part, placement.name());
        if (PartWord.blade(word) == PartWord.blade(PartWord.next(word))) {
            finishPuttingBack(part, word);
            return;
        }
        final long moving;
        try {
            moving = moving(part, word);
        } catch (final PoolUnavailableException e) {
            putBack(part, word);
            return;
        }
        if (placement.swap(part, word, moving)) {
            dropCopy(part, word);
            finish(part, moving);
        }
    }

    // ---- steps 2 … 5

    private void finish(final int part, final long moving) {
        if (seats.state(PartWord.blade(PartWord.next(moving))) != BladeInfo.State.IN_USE) {
            takeOver(
                    part,
                    moving); // it was chosen before it was marked as to leave; who marked it reads the words after that
            return;
        }
        seats.members().mover(sourceName(part, moving), moving, seats.root().session());
        try {
            copy(part, moving);
            complete(part, moving);
        } catch (final RuntimeException | Error e) {
            if (placement.isDropped()) {
                dropCopy(part, moving);
                throw e;
            }
            if (placement.read(part) == moving) {
                putBack(part, moving);
                throw e;
            }
            LOGGER.debug("somebody else moved part {} of '{}' meanwhile", part, placement.name(), e);
        } finally {
            seats.members().noMover(sourceName(part, moving));
        }
    }

    private void copy(final int part, final long moving) {
        final int target = PartWord.blade(PartWord.next(moving));
        final int from = PartWord.blade(moving);
        if (seats.state(from) == BladeInfo.State.RETIRED) {
            return; // nothing was ever there
        }
        final PoolHeap source = seats.heap(from);
        final StructureRoot sealed = source.sealer().seal(sourceName(part, moving), sealedName(part, moving));
        if (sealed != null) {
            PartCopier.copy(source.workerSession(), sealed, seats.heap(target), nextName(part, moving));
        }
    }

    private void complete(final int part, final long moving) {
        if (!placement.swap(part, moving, PartWord.next(moving))) {
            dropCopy(part, moving); // the next instance is another one
            return;
        }
        try {
            placement.lookWhetherThere();
        } catch (final StructureDroppedException e) {
            dropCopy(part, moving); // who dropped the structure may have looked before it was there
        }
        if (seats.state(PartWord.blade(moving)) != BladeInfo.State.RETIRED) {
            seats.heap(PartWord.blade(moving)).drop(sealedName(part, moving));
        }
    }

    // ---- putting back

    private void putBack(final int part, final long moving) {
        final long back = PartWord.moving(moving, PartWord.blade(moving), PartWord.unusedInstance(moving));
        if (placement.swap(part, moving, back)) {
            dropCopy(part, moving);
            finishPuttingBack(part, back);
        }
    }

    /** Drops what was copied into an instance that will not be used. What is not dropped now is when a heap is opened. */
    private void dropCopy(final int part, final long moving) {
        try {
            seats.heap(PartWord.blade(PartWord.next(moving))).drop(nextName(part, moving));
        } catch (final RallocatorException e) {
            LOGGER.debug("a copy of part {} of '{}' stays until a heap is opened", part, placement.name(), e);
        }
    }

    private void finishPuttingBack(final int part, final long back) {
        seats.heap(PartWord.blade(back))
                .sealer()
                .unseal(sealedName(part, back), sourceName(part, back), nextName(part, back));
        placement.swap(part, back, PartWord.next(back));
    }

    // ---- names

    private String sourceName(final int part, final long word) {
        return placement.partName(part, PartWord.instance(word));
    }

    private String sealedName(final int part, final long word) {
        return placement.sealedName(part, PartWord.instance(word));
    }

    private String nextName(final int part, final long word) {
        return placement.partName(part, PartWord.instance(PartWord.next(word)));
    }
}
