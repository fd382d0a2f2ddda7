package io.rallocator.allocator;

/** A process that does not die at the chosen step but sleeps, while the others go on. */
final class PausePoint extends CrashPoint {
    private final Runnable meanwhile;

    PausePoint(final long pauseAt, final Runnable meanwhile) {
        super(pauseAt);
        this.meanwhile = meanwhile;
    }

    @Override
    boolean next() {
        if (steps() == crashAt() && !isReached()) {
            super.next();
            meanwhile.run();
        } else if (!isReached()) {
            super.next();
        }
        return false;
    }
}
