package io.rallocator.persistence;

/** What became of an operation that did not return (I10). Whatever is answered stays so, but for the end of its keeping. */
public enum Outcome {
    /** It took effect, durably. Others may have changed the same thing since. */
    HAPPENED,

    /** It did not take effect and never will. */
    DID_NOT_HAPPEN,

    /** Nobody can tell any more. */
    UNKNOWN
}
