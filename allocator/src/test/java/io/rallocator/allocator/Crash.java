package io.rallocator.allocator;

/** What a simulated crash throws. */
final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Crash(final String what) {
        super(what);
    }
}
