/*
 * Epochs and the limbo of slabs: DESIGN section 6, I7. Mirrors EpochAdvancer.tick, SessionConductor.doWork, Lane.tryAcquire,
 * FreeDrainer (enterLimbo, release, restore) and LimboQueue.
 *
 * One slab. Readers pin it while its block is linked; somebody unlinks the block; the agent finds the slab empty (sweep or
 * recovery) and puts it into limbo; it must not be given out while anybody who saw the link still reads.
 */
#ifndef READERS
#define READERS 2
#endif
#ifndef EPOCHS
#define EPOCHS 10           /* the global epoch goes no further */
#endif
#ifndef BLADE_DEATHS
#define BLADE_DEATHS 1
#endif
#ifdef MUTATE_ONE_EPOCH_ONLY
#define EPOCHS_TO_WAIT 0
#else
#define EPOCHS_TO_WAIT 3    /* FreeDrainer.EPOCHS_TO_WAIT */
#endif

byte epoch = 1;             /* the global epoch, in the pool */
bool serving[READERS];       /* the state word of the session's line */
byte announced[READERS];    /* the epoch in the line; also when it is free */
byte followed[READERS];        /* WorkerSession.localEpoch */
byte pinned[READERS];       /* the epoch of the busy lane; 0: idle */
bool reads[READERS];        /* a ghost: it saw the link */
bool linked = true;
bool limbo, given_out;
byte limbo_epoch, known;    /* the agent's DRAM */
bool blade_down;
byte blade_deaths;

/* EpochAdvancer.tick: one chain reads the epoch, then each line; then the swap */
inline tick(at, i, all) {
    atomic { at = epoch; all = true; i = 0 };
    do
    :: atomic { i < READERS -> all = all && (!serving[i] || announced[i] >= at); i++ }
    :: atomic { i == READERS -> i = 0; break }
    od;
    atomic { if :: all && epoch == at && at < EPOCHS -> epoch++; at++ :: else fi; all = false }
}

proctype Reader(byte w) {
    byte at, i, first;
    bool all;
end:
    do
    /* SessionClaim: the line becomes ACTIVE, its old announcement holds the epoch; announceFirst reads, then writes */
    :: atomic { !serving[w] -> serving[w] = true };
        atomic { first = epoch };
        atomic { announced[w] = first; followed[w] = first; first = 0 }

    /* Lane.tryAcquire and pin: of the local epoch */
    :: atomic { serving[w] && pinned[w] == 0 -> pinned[w] = followed[w] }
    :: atomic { pinned[w] != 0 && linked && !reads[w] -> reads[w] = true }
    :: atomic { pinned[w] != 0 -> pinned[w] = 0; reads[w] = false }

    /* SessionConductor.doWork: tick, the local epoch, and the announcement once older operations are through */
    :: atomic { serving[w] -> skip }; tick(at, i, all);
        atomic { if :: at > followed[w] -> followed[w] = at :: else fi; at = 0 }
#ifdef MUTATE_ANNOUNCES_EARLY
    :: atomic { serving[w] && announced[w] < followed[w] -> announced[w] = followed[w] }
#else
    :: atomic { serving[w] && announced[w] < followed[w] && (pinned[w] == 0 || pinned[w] >= followed[w]) ->
        announced[w] = followed[w] }
#endif

    /* a removal: the link is gone, the block marked */
    :: atomic { linked -> linked = false }
    /* the session ends, or its process died; in recovery the line held the epoch until here */
    :: atomic { serving[w] -> pinned[w] = 0; reads[w] = false; serving[w] = false }
    od
}

proctype Agent() {
    byte at, i;
    bool all;
start:
    {
        /* FreeDrainer.restore: whatever is in limbo begins to wait anew */
        atomic { known = epoch;
#ifdef MUTATE_LIMBO_FORGOTTEN
            if :: limbo -> limbo_epoch = 0 :: else fi
#else
            if :: limbo -> limbo_epoch = known :: else fi
#endif
        };
        do
        /* OrphanSweeper.sweep, SessionRecovery.recoverSlab: nothing in it lives; enterLimbo */
        :: atomic { !linked && !limbo && !given_out -> limbo = true;
#ifdef MUTATE_KNOWN_EPOCH
            limbo_epoch = known + 1 }                                       /* of the last tick, which may be long past */
#else
            limbo_epoch = epoch + 1 }
#endif
        /* BladeAgent.doWork: tick, then release(); reserve() wipes the slab out */
        :: tick(at, i, all);
            atomic { known = at; at = 0;
                if
                :: limbo && limbo_epoch + EPOCHS_TO_WAIT <= known ->
                    limbo = false; limbo_epoch = 0; given_out = true;
                    for (i : 0 .. READERS - 1) { assert(!reads[i]) };
                    i = 0
                :: else
                fi }
        od
    } unless { atomic { blade_down -> skip } };
    atomic { blade_down = false; at = 0; i = 0; all = false; known = 0; limbo_epoch = 0 };
    goto start
}

proctype Chaos() {
end:
    do
    :: atomic { blade_deaths < BLADE_DEATHS && !blade_down -> blade_deaths++; blade_down = true }
    od
}

init {
    atomic {
        byte k;
        for (k : 0 .. READERS - 1) { announced[k] = 1 };
        k = 0;
        run Agent(); run Chaos();
        for (k : 0 .. READERS - 1) { run Reader(k) };
        k = 0
    }
}
