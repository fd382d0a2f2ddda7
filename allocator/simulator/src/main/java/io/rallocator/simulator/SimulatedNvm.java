package io.rallocator.simulator;

import io.rallocator.persistence.NvmRegion;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.TreeSet;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Non-volatile memory behind a volatile cache of 64-byte lines. A line that was changed reaches the medium when it is
 * persisted, or before, unasked: so when power is lost, of each line that changed since its last persist any of its 8-byte
 * words may be old or new. The death of a process loses nothing.
 *
 * <p>Not modelled: lines of which an earlier change reached the medium and a later one did not (it is as if the line had been
 * written once), media errors.
 *
 * <p>Threads: one at a time.
 */
public final class SimulatedNvm implements NvmRegion {
    /** What is lost or kept as a whole, at best. */
    public static final int LINE_BYTES = 64;

    /** In how many ways a changed line may survive in {@link #losePower(long)}. */
    public static final int FATES = 4;

    private final UnsafeBuffer memory;
    private final UnsafeBuffer medium;
    private final Durability durability;
    private final TreeSet<Long> changed = new TreeSet<>();

    /**
     * Zeros, all of them on the medium.
     *
     * @param capacity bytes
     * @param durability that {@link #persist} claims to reach
     */
    public SimulatedNvm(final int capacity, final Durability durability) {
        memory = new UnsafeBuffer(ByteBuffer.allocateDirect(capacity));
        medium = new UnsafeBuffer(ByteBuffer.allocateDirect(capacity));
        this.durability = durability;
    }

    // ---- loss of power

    /**
     * Lines that would not survive for certain.
     *
     * @return count
     */
    public int changedLines() {
        return changed.size();
    }

    /**
     * Loses power: of every changed line any words survive.
     *
     * @param random decides which
     */
    public void losePower(final Random random) {
        for (final long line : changed) {
            final int kept = switch (random.nextInt(3)) {
                case 0 -> 0;
                case 1 -> 0xFF;
                default -> random.nextInt(256);
            };
            keep(line, kept);
        }
        restart();
    }

    /**
     * Loses power in one of {@link #FATES} ways for each changed line: nothing of it survives, all, its first half, or its
     * second half.
     *
     * @param choice number in base {@link #FATES} with a digit for each changed line, the line with the lowest offset first
     */
    public void losePower(final long choice) {
        final int[] fates = {0, 0xFF, 0x0F, 0xF0};
        long left = choice;
        for (final long line : changed) {
            keep(line, fates[(int) (left % FATES)]);
            left /= FATES;
        }
        restart();
    }

    private void keep(final long line, final int words) {
        for (int word = 0; word < LINE_BYTES / Long.BYTES; word++) {
            if ((words & 1 << word) != 0) {
                final int at = (int) line + word * Long.BYTES;
                medium.putLong(at, memory.getLong(at));
            }
        }
    }

    private void restart() {
        memory.putBytes(0, medium, 0, medium.capacity());
        changed.clear();
    }

    /**
     * Everything, as it is now: memory, medium and what differs.
     *
     * @return a copy for {@link #restore}
     */
    public SimulatedNvm snapshot() {
        final SimulatedNvm copy = new SimulatedNvm(memory.capacity(), durability);
        copy.restore(this);
        return copy;
    }

    /**
     * Takes over another one's content.
     *
     * @param other of the same capacity
     */
    public void restore(final SimulatedNvm other) {
        memory.putBytes(0, other.memory, 0, memory.capacity());
        medium.putBytes(0, other.medium, 0, medium.capacity());
        changed.clear();
        changed.addAll(other.changed);
    }

    private void change(final long offset, final long length) {
        for (long line = offset & -LINE_BYTES; line < offset + length; line += LINE_BYTES) {
            changed.add(line);
        }
    }

    // ---- the region

    @Override
    public long capacity() {
        return memory.capacity();
    }

    @Override
    public Durability durability() {
        return durability;
    }

    @Override
    public void read(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        target.putBytes(index, memory, at(offset, length), length);
    }

    @Override
    public void write(final long offset, final DirectBuffer source, final int index, final int length) {
        memory.putBytes(at(offset, length), source, index, length);
        change(offset, length);
    }

    @Override
    public void zero(final long offset, final long length) {
        memory.setMemory(at(offset, length), (int) length, (byte) 0);
        change(offset, length);
    }

    @Override
    public long readLong(final long offset) {
        return memory.getLong(word(offset));
    }

    @Override
    public void writeLong(final long offset, final long value) {
        memory.putLong(word(offset), value);
        change(offset, Long.BYTES);
    }

    @Override
    public long fetchAndAdd(final long offset, final long delta) {
        final long before = readLong(offset);
        writeLong(offset, before + delta);
        return before;
    }

    @Override
    public long compareAndSwap(final long offset, final long expected, final long replacement) {
        final long before = readLong(offset);
        if (before == expected) {
            writeLong(offset, replacement);
        }
        return before;
    }

    @Override
    public void persist(final long offset, final long length) {
        final int at = at(offset, length);
        final var lines = changed.subSet((long) at & -LINE_BYTES, at + length);
        for (final long line : lines) {
            medium.putBytes((int) line, memory, (int) line, LINE_BYTES);
        }
        lines.clear();
    }

    private int at(final long offset, final long length) {
        if ((offset | length) < 0 || offset > capacity() - length) {
            throw new IndexOutOfBoundsException(
                    "offset " + offset + ", length " + length + " leaves the region of " + capacity() + " bytes");
        }
        return (int) offset;
    }

    private int word(final long offset) {
        if ((offset & 7) != 0) {
            throw new IndexOutOfBoundsException("offset " + offset + " is not aligned to 8");
        }
        return at(offset, Long.BYTES);
    }

    @Override
    public void close() {
        // memory of this JVM
    }
}
