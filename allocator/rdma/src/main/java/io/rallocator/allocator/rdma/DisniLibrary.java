package io.rallocator.allocator.rdma;

import com.ibm.disni.verbs.impl.NativeDispatcher;
import io.rallocator.persistence.PoolUnavailableException;
import java.lang.reflect.Constructor;

/** Loads DiSNI's native library, which the user builds, and makes sure that its structures are those known here. */
final class DisniLibrary {
    /** What a user reads who has no library, and what a test prints that is skipped for that. */
    static final String MISSING = "no libdisni in java.library.path";

    private DisniLibrary() {}

    /** Tells whether there is a library. */
    static boolean isThere() {
        try {
            System.loadLibrary("disni");
            return true;
        } catch (final UnsatisfiedLinkError e) {
            return false;
        }
    }

    /**
     * Loads it.
     *
     * @return DiSNI's native calls
     * @throws PoolUnavailableException if it is missing, or not the one that fits
     */
    static NativeDispatcher load() {
        try {
            System.loadLibrary("disni");
        } catch (final UnsatisfiedLinkError e) {
            throw new PoolUnavailableException(
                    MISSING + " (" + e.getMessage()
                            + "): rdma:// needs DiSNI's native library, which is built as DiSNI's"
                            + " README says; start Java with -Djava.library.path=FOLDER",
                    e);
        }
        final NativeDispatcher calls = dispatcher();
        requireSize("ibv_send_wr", calls._getIbvSendWRSize(), WorkRequest.BYTES);
        requireSize("ibv_sge", calls._getIbvSgeSize(), WorkRequest.ELEMENT_BYTES);
        requireSize("ibv_wc", calls._getIbvWCSize(), WorkCompletion.BYTES);
        return calls;
    }

    private static NativeDispatcher dispatcher() {
        try {
            final Constructor<NativeDispatcher> constructor = NativeDispatcher.class.getDeclaredConstructor();
            constructor.setAccessible(true); // DiSNI gives it to its own package only
            return constructor.newInstance();
        } catch (final ReflectiveOperationException | LinkageError e) {
            throw new PoolUnavailableException(
                    "libdisni does not fit DiSNI 2.1: " + e + " (" + e.getCause() + "); build it from that version", e);
        }
    }

    /** Other sizes mean another layout: a request made for this one would be nonsense there. */
    static void requireSize(final String structure, final int actual, final int expected) {
        if (actual != expected) {
            throw new PoolUnavailableException("the verbs library of this machine has a " + structure + " of " + actual
                    + " bytes, and RAllocator knows the one of " + expected + ": rdma:// cannot be used here");
        }
    }
}
