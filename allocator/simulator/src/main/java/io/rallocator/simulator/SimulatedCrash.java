package io.rallocator.simulator;

/** Ends a simulated process in the middle of whatever it does. Not to be caught: a dead process does nothing any more. */
public final class SimulatedCrash extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SimulatedCrash(final String process) {
        super("the process '" + process + "' was killed", null, false, false);
    }
}
