/*
 * The split of a bucket with helping: docs/ARCHITECTURE.md, DESIGN section 7, I8, I9. Mirrors BucketLocator, BucketUpdater,
 * BucketSplitter and BucketRewriter.dropEmptyBlock.
 *
 * Workers put, remove, get and split as they like; each may stop for ever before any step, or die, and another finishes what
 * it began. A bucket's word is UNINIT, EMPTY with its level, or leads to a block, and may be frozen; the versions of the real
 * words are left out, so nothing here rests on them. A block is immutable, and used again only when no word leads to it and
 * no living worker holds it: that is what the epochs are for (limbo.pml).
 *
 * Every answer must be one that the key had at some moment between call and return.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef OPERATIONS
#define OPERATIONS 2        /* of each worker */
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef SPLITS
#define SPLITS 3            /* begun of the workers' own accord */
#endif
#ifdef ONE_KEY
#define CHOOSE(k) k = ONE_KEY
#else
#define CHOOSE(k) if :: k = 0 :: k = 1 :: k = 2 fi
#endif
#define KEYS 3
#define VALUES 2            /* 0: absent */
#define BUCKETS 4
#define MAX_LEVEL 2         /* the first level is 0: one bucket */
#define BLOCKS (4 + 3 * WORKERS)
#define MAX_HOPS 4          /* down once and up once for each level: else the levels lead in a circle */

/* hashes of the keys 0, 1, 2: two that are parted by the second split of bucket 0, one that leaves with the first */
#define HASH(k) ((k) == 0 -> 0 : ((k) == 1 -> 2 : 1))
#define MASK(l) ((1 << (l)) - 1)
#define BIT(h, l) (((h) >> (l)) & 1)

/* LinkWord, MapLayout.emptyWord */
#define UNINIT 0
#define EMPTY(l) (2 + 2 * (l))
#define POINTER(b) (16 + 2 * (b))
#define IS_POINTER(w) ((w) >= 16)
#define BLOCK(w) (((w) - 16) / 2)
#define FROZEN 1
#define IS_FROZEN(w) (((w) & 1) == 1)
#define LEVEL(w) (IS_POINTER(w) -> level[BLOCK(w)] : ((w) - 2) / 2)
#define VALUE(w, k) (IS_POINTER(w) -> value[BLOCK(w) * KEYS + (k)] : 0)
#define IS_EMPTY_BLOCK(w) (IS_POINTER(w) && VALUE(w, 0) == 0 && VALUE(w, 1) == 0 && VALUE(w, 2) == 0)

/* ---- the pool */
byte word[BUCKETS];
byte level[BLOCKS];
byte value[BLOCKS * KEYS];

/* ---- ghosts */
byte truth[KEYS];           /* by the swaps that put and removed */
byte asked[WORKERS];        /* 1 + the key that a worker is asked for */
byte possible[WORKERS];     /* the values that this key has had since the call: a bit each */
byte held[WORKERS * 3];     /* 1 + a block that the worker holds: expected, and two new ones */
bool dies[WORKERS];
byte deaths, splits;

/* Which values a key has had matters to all that ask for it meanwhile. */
inline become(k, v) {
    truth[k] = v;
    for (g : 0 .. WORKERS - 1) { if :: asked[g] == k + 1 -> possible[g] = possible[g] | (1 << v) :: else fi };
    g = 0
}

/* A block that is nobody's: the smallest, so that equal states are equal. */
inline allocate(slot, b) {
    b = 0;
    do
    :: b < BLOCKS ->
        used = false;
        for (g : 0 .. BUCKETS - 1) { used = used || IS_POINTER(word[g]) && BLOCK(word[g]) == b };
        for (g : 0 .. WORKERS * 3 - 1) { used = used || held[g] == b + 1 };
        if :: used -> b++ :: else -> break fi
    :: else -> assert(false)                                        /* BLOCKS is too small */
    od;
    held[w * 3 + slot] = b + 1;
    used = false; g = 0
}

inline hold(wd) { held[w * 3] = (IS_POINTER(wd) -> BLOCK(wd) + 1 : 0) }

/* what a block had is nothing once nobody holds it: equal states are equal */
inline scrub() {
    for (b : 0 .. BLOCKS - 1) {
        used = false;
        for (g : 0 .. BUCKETS - 1) { used = used || IS_POINTER(word[g]) && BLOCK(word[g]) == b };
        for (g : 0 .. WORKERS * 3 - 1) { used = used || held[g] == b + 1 };
        if
        :: !used -> level[b] = 0; for (g : 0 .. KEYS - 1) { value[b * KEYS + g] = 0 }
        :: else
        fi
    };
    b = 0; g = 0; used = false
}

inline release() {
    held[w * 3] = 0; held[w * 3 + 1] = 0; held[w * 3 + 2] = 0;
    seen = 0; at = 0; fresh = 0; high = 0; l = 0; hops = 0;
    scrub()
}

/* BucketLocator.follow from a guess: any of the buckets that the table once had for the hash, or may have by now */
inline locate(h) {
    atomic { hops = 0; if :: at = 0 :: at = h & 1 :: at = h & 3 fi };
    follow(h)
}

inline follow(h) {
    do
    :: atomic { seen = word[at];                                    /* load(): the word; its block cannot change */
        if
        :: seen == UNINIT -> assert(at != 0); at = (at >= 2 -> at - 2 : 0)      /* parentOf */
        :: else ->
            hold(seen); l = LEVEL(seen);
            if
            :: (h & MASK(l)) == at -> hops = 0; break
            :: else -> at = h & MASK(l)
            fi
        fi;
        hops++; assert(hops <= MAX_HOPS) }
    od
}

/* BucketSplitter.divide: a half with its level; EMPTY if it has no keys */
inline half(slot, side, wd) {
    allocate(slot, b);
    level[b] = l + 1; used = false;
    for (g : 0 .. KEYS - 1) {
        value[b * KEYS + g] = (BIT(HASH(g), l) == side -> VALUE(seen, g) : 0);
        used = used || value[b * KEYS + g] != 0
    };
    if
    :: used -> wd = POINTER(b)
    :: else ->
        wd = EMPTY(l + 1); held[w * 3 + slot] = 0; level[b] = 0
    fi;
    used = false; b = 0; g = 0
}

/* linkHigh(): the helper's own block, and only if nobody has linked one */
inline link_high() {
    if
    :: atomic { !linked -> half(1, 1, fresh);
        if
#ifdef MUTATE_HIGH_OVERWRITES
        :: word[high] != UNINIT -> word[high] = fresh
#endif
        :: word[high] == UNINIT -> word[high] = fresh
        :: else
        fi;
        held[w * 3 + 1] = 0; fresh = 0 }
    :: atomic { linked -> skip }
    fi
}

#ifdef MUTATE_EMPTY_WITHOUT_LEVEL
#define SAME(a, b) ((a) == (b) || (a) != UNINIT && !IS_POINTER(a) && !IS_POINTER(b) && IS_FROZEN(a) == IS_FROZEN(b))
#else
#define SAME(a, b) ((a) == (b))
#endif

/* linkLow(): ends the split */
inline link_low() {
    atomic { half(2, 0, fresh);
        if :: SAME(word[at], seen) -> word[at] = fresh :: else fi;
        held[w * 3 + 2] = 0; fresh = 0 }
}

/* BucketSplitter.split of the bucket at, whose word was seen */
inline split() {
    atomic { high = at + (1 << l); linked = false };
    if
    :: atomic { IS_FROZEN(seen) && word[high] != UNINIT -> linked = true }
    :: atomic { IS_FROZEN(seen) && word[high] == UNINIT -> skip }
    :: atomic { !IS_FROZEN(seen) -> skip }
    fi;
    lost = false;
#ifndef MUTATE_NO_FREEZE
    if
    :: atomic { !IS_FROZEN(seen) && word[at] == seen -> word[at] = seen | FROZEN; seen = seen | FROZEN }    /* freeze() */
    :: atomic { !IS_FROZEN(seen) && word[at] != seen -> lost = true }
    :: atomic { IS_FROZEN(seen) -> skip }
    fi;
#endif
#ifdef MUTATE_LOW_FIRST
    if :: !lost -> link_low(); link_high() :: else fi;
#else
    if :: !lost -> link_high(); link_low() :: else fi;
#endif
    atomic { lost = false; linked = false; release() }
}

/* BucketUpdater.findUnfrozen: finishes the splits that are in the way */
inline find_unfrozen(h) {
    locate(h);
#ifndef MUTATE_UPDATES_FROZEN
    do
    :: atomic { IS_FROZEN(seen) -> skip }; split(); locate(h)
    :: atomic { !IS_FROZEN(seen) -> break }
    od
#endif
}

/* BucketUpdater.build: the block of the bucket with another value of the key */
inline build(k, v) {
    allocate(1, b);
    level[b] = l;
    for (g : 0 .. KEYS - 1) { value[b * KEYS + g] = VALUE(seen, g) };
    value[b * KEYS + k] = v;
    fresh = POINTER(b); b = 0; g = 0
}

inline answer() {
    assert(((possible[w] >> result) & 1) == 1);
    result = 0;
    asked[w] = 0; possible[w] = 0
}

inline begin(k) { asked[w] = k + 1; possible[w] = 1 << truth[k] }

/* BucketUpdater.update; v is 0 to remove */
inline update(k, v) {
    atomic { begin(k) };
    do
    :: find_unfrozen(HASH(k));
        if
        :: atomic { v == 0 && VALUE(seen, k) == 0 -> result = 0; answer(); break }         /* nothing to remove */
        :: atomic { v != 0 || VALUE(seen, k) != 0 -> build(k, v) };
            if
            :: atomic { word[at] == seen ->                                     /* Commit: the swap */
                word[at] = fresh; become(k, v); asked[w] = 0; possible[w] = 0; break }
            :: atomic { word[at] != seen -> release() }
            fi
        fi
    od;
    /* BucketRewriter.dropEmptyBlock */
    if
    :: atomic { fresh != UNINIT && IS_EMPTY_BLOCK(fresh) ->
        if :: word[at] == fresh -> word[at] = EMPTY(l) :: else fi }
    :: else
    fi;
    atomic { release() }
}

/* BucketLocator.locateForReading, and what the block says */
inline get(k) {
    atomic { begin(k) };
    locate(HASH(k));
#ifndef MUTATE_READS_FROZEN
    do
    :: atomic { IS_FROZEN(seen) && BIT(HASH(k), l) == 1 ->
        high = at + (1 << l);
        if
        :: word[high] == UNINIT -> high = 0; break                              /* frozen, so it still counts */
        :: else -> at = high; high = 0
        fi };
        follow(HASH(k))
    :: atomic { !(IS_FROZEN(seen) && BIT(HASH(k), l) == 1) -> break }
    od;
#endif
    atomic { result = VALUE(seen, k); answer(); release() }
}

proctype Worker(byte w) {
    byte n, k, v, at, seen, fresh, high, l, b, g, result, hops;
    bool used, lost, linked;
    {
        do
        :: atomic { n < OPERATIONS -> n++; CHOOSE(k) };
            if
            :: atomic { v = 1 }; update(k, v)
            :: atomic { v = VALUES }; update(k, v)
            :: update(k, 0)
            :: get(k)
            fi;
            atomic { k = 0; v = 0 }
        /* tryGrow(): any bucket that is there and has not all bits */
        :: atomic { splits < SPLITS -> splits++; if :: at = 0 :: at = 1 fi;
            seen = word[at];
            if
            :: seen != UNINIT -> hold(seen); l = LEVEL(seen); lost = l >= MAX_LEVEL
            :: else -> lost = true
            fi };
            if
            :: atomic { lost -> lost = false; release() }
            :: atomic { !lost -> skip }; split()
            fi
        :: atomic { n == OPERATIONS && splits == SPLITS -> break }
        od
    } unless { atomic { dies[w] -> skip } };
    /* finished, or dead: nothing is held any more */
    atomic { n = 0; k = 0; v = 0; lost = false; linked = false; asked[w] = 0; possible[w] = 0; release() }
}

proctype Chaos() {
end:
    do
    :: atomic { deaths < DEATHS -> deaths++; dies[0] = true }
    od
}

/* At the end, however it came: every key where it belongs, with its last value. */
proctype Auditor() {
    byte k, at;
    (timeout);
    atomic {
        for (k : 0 .. KEYS - 1) {
            at = HASH(k);
            do
            :: word[at] == UNINIT -> at = (at >= 2 -> at - 2 : 0)
            :: else -> break
            od;
            assert(VALUE(word[at], k) == truth[k])
        }
    }
}

init {
    atomic {
        byte i;
        word[0] = EMPTY(0);
        for (i : 0 .. WORKERS - 1) { run Worker(i) };
        i = 0;
        run Chaos(); run Auditor()
    }
}
