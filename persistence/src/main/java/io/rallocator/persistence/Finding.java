package io.rallocator.persistence;

/**
 * One thing that the checker found.
 *
 * @param severity how bad it is
 * @param offset where, region-relative
 * @param what was found, with figures, in plain words
 * @param repairable true if {@link PoolRepair} knows what belongs there
 * @param repaired true if it did repair it
 */
public record Finding(Severity severity, long offset, String what, boolean repairable, boolean repaired) {
    /** How bad a finding is. */
    public enum Severity {
        /** Bytes are not what was written (I13). */
        DAMAGE,
        /** Memory in use could be given to somebody else (I4, I11). */
        HAZARD,
        /** Memory that nobody uses and nobody can get (I5, I11). */
        LEAK,
        /** Worth knowing, nothing is wrong. */
        NOTE
    }

    @Override
    public String toString() {
        return severity + " at offset " + offset + ": " + what
                + (repaired ? " (repaired)" : repairable ? " (repairable)" : "");
    }
}
