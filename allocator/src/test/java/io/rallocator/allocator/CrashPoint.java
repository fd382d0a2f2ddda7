package io.rallocator.allocator;

/** Counts steps and crashes before the chosen one. One for all queue pairs or regions of one simulated process. */
class CrashPoint {
    /** Never crashes. */
    static final long NEVER = Long.MAX_VALUE;

    private final long crashAt;
    private long steps;
    private boolean reached;
    private boolean tearable;

    /**
     * A crash point.
     *
     * @param crashAt how many steps are done before the crash
     */
    CrashPoint(final long crashAt) {
        this.crashAt = crashAt;
    }

    /** True if the step that comes now is the one that is not done. Nothing is done after it. */
    boolean next() {
        reached = steps >= crashAt;
        steps += reached ? 0 : 1;
        return reached;
    }

    long crashAt() {
        return crashAt;
    }

    boolean isReached() {
        return reached;
    }

    /** The step that was not done could have been done in part. */
    void tearable() {
        tearable = true;
    }

    boolean isTearable() {
        return tearable;
    }

    long steps() {
        return steps;
    }
}
