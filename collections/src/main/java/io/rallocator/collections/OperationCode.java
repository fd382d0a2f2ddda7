package io.rallocator.collections;

/** What an intent's operation code means: for recovery's log and for people. Never renumbered. */
final class OperationCode {
    static final int MAP_PUT = 1;
    static final int MAP_REMOVE = 2;
    static final int MAP_SPLIT_HIGH = 3;
    static final int MAP_SPLIT_LOW = 4;
    static final int MAP_EXTENT = 5;
    static final int MAP_EXPIRE = 6;
    static final int MAP_PUT_ALL = 7;
    static final int MAP_REMOVE_ALL = 8;
    static final int MAP_EVICT = 9;
    static final int MAP_EMPTY = 10;
    static final int STRUCTURE_CREATE = 16;
    static final int STRUCTURE_DROP = 17;
    static final int STRUCTURE_NAME = 18;
    static final int STRUCTURE_RENAME = 19;
    static final int STRUCTURE_GIVE_UP = 20;
    static final int STRUCTURE_LIST = 21;
    static final int QUEUE_OFFER = 32;
    static final int QUEUE_POLL = 33;
    static final int QUEUE_SEGMENT = 34;
    static final int QUEUE_HEAD = 35;
    static final int QUEUE_REMOVE = 36;
    static final int QUEUE_DRAIN = 37;
    static final int QUEUE_LEASES = 38;
    static final int QUEUE_LEASE = 39;
    static final int QUEUE_RECEIVE = 40;
    static final int QUEUE_ACKNOWLEDGE = 41;
    static final int QUEUE_RELEASE = 42;
    static final int ARRAY_EXTENT = 48;
    static final int ARRAY_DIRECTORY = 49;
    static final int ARRAY_SET = 50;

    private OperationCode() {}
}
