package io.rallocator.allocator;

/** A process that does not die at the chosen step but sleeps, while the others go on. */
final class PausePoint extends CrashPoint {
    private final Runnable meanwhile;
    private boolean armed = true;

    PausePoint(final long pauseAt, final Runnable meanwhile) {
        super(pauseAt);
        this.meanwhile = meanwhile;
    }

    /** No sleep any more. */
    void disarm() {
        armed = false;
    }

    @Override
    boolean next() {
        if (armed && steps() == crashAt() && !isReached()) {
            super.next();
            meanwhile.run();
        } else if (!isReached()) {
            super.next();
        }
        return false;
    }
}
