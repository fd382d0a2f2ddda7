package io.rallocator.collections;

import java.util.UUID;

/**
 * One blade of a heap.
 *
 * @param number 0 … 255; blade 0 has the names
 * @param pool id of its pool
 * @param place where it is, or was when it joined
 * @param state whether it gets something new
 * @param isHere whether this heap has a session with it
 */
public record BladeInfo(int number, UUID pool, String place, State state, boolean isHere) {
    /** Whether a blade gets something new. The names are stored. */
    public enum State {
        /** Parts of structures are placed there. */
        IN_USE,

        /** Nothing new is placed there, and what is there is moved to others. */
        DRAINING,

        /** Nothing is there any more, nor will be: it need not be named any longer. */
        RETIRED
    }
}
