package io.rallocator.benchmarks;

import java.util.List;

/**
 * What a workload does, in shares of 128, and to which entries. YCSB's E is left out: it scans in the order of keys, which
 * no hash map has.
 */
record Mix(String name, int reads, int updates, int inserts, int rewrites, Choice choice) {
    /** Which entries are used. */
    enum Choice {
        UNIFORM,
        ZIPFIAN,
        /** Zipfian from the newest on. */
        LATEST
    }

    static final int WHOLE = 128;

    /** New entries only, from none on; the store grows while it is measured. */
    static final Mix INSERT = new Mix("map.insert", 0, 0, WHOLE, 0, Choice.UNIFORM);

    /** What is measured in a filled store. */
    static final List<Mix> FILLED = List.of(
            new Mix("map.get", WHOLE, 0, 0, 0, Choice.UNIFORM),
            new Mix("map.get.zipfian", WHOLE, 0, 0, 0, Choice.ZIPFIAN),
            new Mix("map.put", 0, WHOLE, 0, 0, Choice.UNIFORM),
            new Mix("map.put.zipfian", 0, WHOLE, 0, 0, Choice.ZIPFIAN),
            new Mix("map.mix", 64, 64, 0, 0, Choice.UNIFORM),
            new Mix("ycsb.a", 64, 64, 0, 0, Choice.ZIPFIAN),
            new Mix("ycsb.b", 122, 6, 0, 0, Choice.ZIPFIAN),
            new Mix("ycsb.c", WHOLE, 0, 0, 0, Choice.ZIPFIAN),
            new Mix("ycsb.d", 122, 0, 6, 0, Choice.LATEST),
            new Mix("ycsb.f", 64, 0, 0, 64, Choice.ZIPFIAN));

    Mix {
        if (reads + updates + inserts + rewrites != WHOLE) {
            throw new IllegalArgumentException("the shares of " + name + " do not add up to " + WHOLE);
        }
    }
}
