package io.rallocator.collections;

/** One change of one key: when it happens, what it leaves, and what it has allocated so far. */
final class Change {
    /** Happens in any case. */
    static final int ALWAYS = 0;

    /** Happens if the key is absent. */
    static final int IF_ABSENT = 1;

    /** Happens if the key is present. */
    static final int IF_PRESENT = 2;

    /** Happens if the key has the expected value. */
    static final int IF_EQUAL = 3;

    /** Happens if the key is present and its entry expires. */
    static final int IF_EXPIRING = 4;

    /** The caller wants to know no value. */
    static final int NOTHING = 0;

    /** The caller wants to know the value before, or the value that stood in the way. */
    static final int OLD = 1;

    /** The caller wants to know the value that stood in the way. */
    static final int OBSTACLE = 2;

    int condition;
    boolean removes;

    private int wanted;

    /** Leaves the value as it is and changes the expiry only. */
    boolean keepsValue;

    /** Leaves the expiry as it is, if the key is present. */
    boolean keepsExpiry;

    /** When the new entry expires, in ms since 1970, or {@link BucketBlock#NEVER}. */
    long expiry;

    /** Allocated and not linked, or 0. */
    long bucketRef;

    /** Allocated and not linked, or 0: a VALUE block, or the list of the lane's composite. */
    long valueRef;

    /** Where the key's entry is in the bucket's block, or {@link BucketBlock#NOT_FOUND}. */
    int entry;

    /** Entries in the bucket before. */
    int entriesBefore;

    /** Word that will lead to the new block. */
    long newWord;

    /** Length of the new block. */
    int newLength;

    /** The value before has a block of its own, or 0. */
    long oldValueRef;

    /** Its length word in the entry. */
    long oldValueWord;

    void set(final int newCondition, final boolean isRemoval, final int wantedValue) {
        condition = newCondition;
        removes = isRemoval;
        wanted = wantedValue;
        keepsValue = false;
        keepsExpiry = false;
        expiry = BucketBlock.NEVER;
    }

    /** Changes the expiry of a present key. */
    void setExpiryOnly(final int newCondition, final long newExpiry) {
        set(newCondition, false, NOTHING);
        keepsValue = true;
        expiry = newExpiry;
    }

    boolean wantsOld(final boolean happens) {
        return wanted == OLD || wanted == OBSTACLE && !happens;
    }

    void begin() {
        bucketRef = 0;
        valueRef = 0;
        oldValueRef = 0;
    }

    boolean inserts() {
        return entry == BucketBlock.NOT_FOUND;
    }
}
