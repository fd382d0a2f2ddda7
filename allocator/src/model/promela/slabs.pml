/*
 * The slab hand-out and free protocol: docs/ARCHITECTURE.md, DESIGN section 5, invariants I4, I5, I6, traps 9 and 11.
 * Mirrors SlabClient (Worker), SlabPublisher, SlabIndex, FreeDrainer, SessionRecovery and BladeAgent (Agent), RingDescriptor
 * and FreeRequest (the words). Run it by bin/check-models; docs/testing.md says what is not modelled.
 *
 * A word has two copies: the one that everybody reads (v) and the one that is durable (d). PERSIST copies v to d. When power
 * is lost each word, for itself, keeps either. A step of this model is one access to shared memory, or a write together with
 * its persist where nobody else can read in between: then dying in between is the same as dying before or after.
 *
 * Any worker may die, stop or go on before any step (a process that is not scheduled is a stopped one); the blade too.
 * A mutation drops or swaps one step; each must be caught.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef TICKETS
#define TICKETS 3           /* taken in all */
#endif
#ifndef LIVES
#define LIVES 2             /* incarnations of each session */
#endif
#ifndef WORKER_DEATHS
#define WORKER_DEATHS 1
#endif
#ifndef BLADE_DEATHS
#define BLADE_DEATHS 1
#endif
#ifndef POWER_LOSSES
#define POWER_LOSSES 0
#endif
#ifndef UNITS
#define UNITS 2
#endif
#define RING 2              /* slots; tickets begin at RING, so that the words of the lap before are those of PoolFormat */
#define LAST (RING + TICKETS)
#define FREE_RING 2

/* RingDescriptor.claimWord: ticket, state, session and incarnation */
#define WITHDRAWN 0
#define PUBLISHED 1
#define CLAIMED 2
#define VOIDED 3
#define CLAIM(t, s, who) ((t) * 64 + (s) * 16 + (who))
#define CLAIM_TICKET(c) ((c) / 64)
#define CLAIM_STATE(c) (((c) / 16) % 4)
#define CLAIM_WHO(c) ((c) % 16)
#define SLOT(t) ((t) % RING)

/* RingDescriptor.slabWord: lap, generation, unit */
#define SLAB(t, g, u) (((t) / RING) * 64 + (g) * 4 + (u))
#define SLAB_UNIT(w) ((w) % 4)
#define SLAB_GENERATION(w) (((w) / 4) % 16)
#define IS_SLAB_OF(w, t) ((w) / 64 == (t) / RING)

/* SlabTableDescriptor.ownerWord: generation, state, session and incarnation (RECOVERING counts as OWNED here) */
#define FREE 0
#define RESERVED 1
#define OWNED 2
#define LIMBO 3
#define ORPHANED 4
#define OWNER(s, who, g) ((g) * 128 + (s) * 16 + (who))
#define STATE(o) (((o) / 16) % 8)
#define OWNER_WHO(o) ((o) % 16)
#define GENERATION(o) ((o) / 128)

/* who = session and incarnation; 0 is nobody */
#define WHO(w) (1 + (w) + WORKERS * (incarnation[w] - 1))
#define SESSION(who) (((who) - 1) % WORKERS)

/* FreeRequest.word: sequence + 1, generation, unit */
#define REQUEST(n, g, u) (((n) + 1) * 64 + (g) * 4 + (u))
#define IS_REQUEST(r, n) ((r) / 64 == (n) + 1)
#define REQUEST_AT(w, n) ((w) * FREE_RING + (n) % FREE_RING)

/* ---- the pool */
short sequencer_v = RING, sequencer_d = RING;
short published_v = RING, published_d = RING;
short claim_v[RING], claim_d[RING];
short slab_v[RING], slab_d[RING];
short owner_v[UNITS], owner_d[UNITS];
short request_v[WORKERS * FREE_RING], request_d[WORKERS * FREE_RING];
byte head_v[WORKERS], head_d[WORKERS];

#define LINE_FREE 0
#define LINE_ACTIVE 1
#define LINE_RECOVERING 2
byte line[WORKERS];         /* the state word of a session: each write of it is persisted before anything depends on it */
byte incarnation[WORKERS];

/* ---- the workers' DRAM: gone when they die */
#define DEAD 0
#define IDLE 1
#define TICKET 2            /* has one, its claim not decided */
#define SWAPPED 3           /* the claim is ours, the slab word not read */
#define READ 4              /* read, not persisted */
#define HOLDS 5
#define LINKED 6            /* acknowledged data is in the slab */
#define FREEING 7           /* the request is written, not persisted */
byte pc[WORKERS];
byte ticket[WORKERS];
short seen[WORKERS];        /* the slab word; while HOLDS, LINKED, FREEING the slab */
byte tail[WORKERS];

/* ---- the agent's DRAM: rebuilt by restore() */
bool used[UNITS];
bool in_limbo[UNITS];
byte published;
byte settled;
byte head[WORKERS];

/* ---- ghosts: what the properties speak of */
byte holder[UNITS];         /* 1 + the living worker that believes the slab its own */
bool linked[UNITS];         /* acknowledged data lies in it */
bool given[UNITS];          /* its owner asked the blade to take it back */
bool late[WORKERS];         /* was away while the ring went round: one of its slabs is its own till the session ends */
bool won[WORKERS];          /* its swap for the ticket that it has took place */
bool stale_void[RING];      /* the answer VOID was written before power was lost */
byte worker_deaths, blade_deaths, power_losses;
bool blade_down;
#ifdef MUTATE_SERVES_BEFORE_RECOVERY
#define serving true
#define STOP_SERVING skip
#else
#define STOP_SERVING serving = false
bool serving;               /* BladeGate.serve: the lock that a blade holds from the end of its recovery until it dies */
#endif

/* ==== SlabClient */

inline forgetWorker(w) {
    pc[w] = DEAD; ticket[w] = 0; seen[w] = 0; tail[w] = 0; late[w] = false; won[w] = false;
    for (g : 0 .. UNITS - 1) { if :: holder[g] == w + 1 -> holder[g] = 0 :: else fi }
    g = 0
}

proctype Worker(byte w) {
    byte u;
end:
    do
    /* BladeGate.await, SessionClaim.tryClaim and freeHead(); the drainer leaves the requests of a free line alone */
    :: atomic { pc[w] == DEAD && line[w] == LINE_FREE && incarnation[w] < LIVES && serving ->
        incarnation[w]++; line[w] = LINE_ACTIVE; tail[w] = head_v[w]; pc[w] = IDLE }

    /* SlabClient.takeTickets: the fetch-and-add; nobody persists it */
    :: atomic { pc[w] == IDLE && sequencer_v < LAST ->
        ticket[w] = sequencer_v; sequencer_v++; pc[w] = TICKET }

    /* SlabClient.claim: the swap, and settle(): what it found */
    :: atomic { pc[w] == TICKET ->
        if
        :: claim_v[SLOT(ticket[w])] == CLAIM(ticket[w], PUBLISHED, 0) ->
            claim_v[SLOT(ticket[w])] = CLAIM(ticket[w], CLAIMED, WHO(w)); pc[w] = SWAPPED
#ifndef MUTATE_MINE_IS_FAILURE
        :: claim_v[SLOT(ticket[w])] == CLAIM(ticket[w], CLAIMED, WHO(w)) -> pc[w] = SWAPPED
#endif
        :: CLAIM_TICKET(claim_v[SLOT(ticket[w])]) < ticket[w] -> skip        /* waits: tries again */
        :: claim_v[SLOT(ticket[w])] == CLAIM(ticket[w], VOIDED, 0) ->
            assert(!stale_void[SLOT(ticket[w])]);                           /* I6: the answer is to this question */
            ticket[w] = 0; pc[w] = IDLE
        :: else ->                                                          /* withdrawn, or the ring went round: drops it */
            late[w] = late[w] || won[w] && CLAIM_TICKET(claim_v[SLOT(ticket[w])]) > ticket[w];
            ticket[w] = 0; pc[w] = IDLE
        fi;
        won[w] = pc[w] == SWAPPED || won[w] && pc[w] == TICKET }

    /* the fabric fails after the swap, the completion is lost: keepTickets(), and from the beginning */
    :: atomic { pc[w] == SWAPPED -> pc[w] = TICKET }

    /* SlabClient.claim: readWord of the slab word, behind the swap in the same chain */
    :: atomic { pc[w] == SWAPPED -> seen[w] = slab_v[SLOT(ticket[w])]; pc[w] = READ }

    /* SlabClient.claim: persist(), post(), and settle(): success */
    :: atomic { pc[w] == READ ->
#ifndef MUTATE_CLAIM_NOT_PERSISTED
        claim_d[SLOT(ticket[w])] = claim_v[SLOT(ticket[w])];
#endif
        if
#ifndef MUTATE_NO_LAP
        :: !IS_SLAB_OF(seen[w], ticket[w]) -> late[w] = true; seen[w] = 0; pc[w] = IDLE
#endif
        :: else ->
            u = SLAB_UNIT(seen[w]);
            assert(holder[u] == 0);                                         /* I4 */
            assert(!linked[u]);                                             /* I4: nor has anybody data in it */
            holder[u] = w + 1; u = 0; pc[w] = HOLDS
        fi;
        ticket[w] = 0; won[w] = false }

    /* a commit into the slab: durable when acknowledged; and the removal */
    :: atomic { pc[w] == HOLDS -> linked[SLAB_UNIT(seen[w])] = true; pc[w] = LINKED }
    :: atomic { pc[w] == LINKED -> linked[SLAB_UNIT(seen[w])] = false; pc[w] = HOLDS }

    /* SlabClient.free: the write, if the ring has room; persist() */
    :: atomic { pc[w] == HOLDS && tail[w] - head_v[w] < FREE_RING ->
        u = SLAB_UNIT(seen[w]);
        request_v[REQUEST_AT(w, tail[w])] = REQUEST(tail[w], SLAB_GENERATION(seen[w]), u);
        holder[u] = 0; given[u] = true; u = 0; pc[w] = FREEING }
    :: atomic { pc[w] == FREEING ->
        request_d[REQUEST_AT(w, tail[w])] = request_v[REQUEST_AT(w, tail[w])];
        tail[w]++; seen[w] = 0; pc[w] = IDLE }
    od
}

/* ==== SlabIndex */

/* release: first the table, then the bit. The bitmap is a copy of what restore() takes from the table. */
inline releaseUnit(unit) {
    owner_v[unit] = OWNER(FREE, 0, GENERATION(owner_v[unit])); owner_d[unit] = owner_v[unit];
    used[unit] = false
}

/* reserve: bit, header wiped out, table entry persisted */
inline reserve(unit) {
    assert(STATE(owner_v[unit]) == FREE);
    assert(holder[unit] == 0);                                              /* I4 */
    assert(!linked[unit]);                                                  /* nothing acknowledged is wiped out */
    used[unit] = true; given[unit] = false;
    owner_v[unit] = OWNER(RESERVED, 0, GENERATION(owner_v[unit]) + 1);
#ifndef MUTATE_RESERVED_NOT_PERSISTED
    owner_d[unit] = owner_v[unit]
#endif
}

/* ==== SlabPublisher */

/* isReserved: neither word was left by another ticket. Lap, state and generation. */
#define IS_RESERVED(t) (IS_SLAB_OF(slab_v[SLOT(t)], t) \
    && STATE(owner_v[SLAB_UNIT(slab_v[SLOT(t)])]) == RESERVED \
    && GENERATION(owner_v[SLAB_UNIT(slab_v[SLOT(t)])]) == SLAB_GENERATION(slab_v[SLOT(t)]))

/* settle(): persist of the claim, then the owner into the slab table, persisted */
inline settle(t) {
    atomic {
        if
        :: CLAIM_STATE(claim_v[SLOT(t)]) == CLAIMED && IS_RESERVED(t) ->
#ifndef MUTATE_SETTLED_CLAIM_NOT_PERSISTED
            claim_d[SLOT(t)] = claim_v[SLOT(t)];
#endif
            owner_v[SLAB_UNIT(slab_v[SLOT(t)])] =
                OWNER(OWNED, CLAIM_WHO(claim_v[SLOT(t)]), SLAB_GENERATION(slab_v[SLOT(t)]));
            owner_d[SLAB_UNIT(slab_v[SLOT(t)])] = owner_v[SLAB_UNIT(slab_v[SLOT(t)])]
        :: else
        fi
    }
}

/* settleClaims(): every open slot; settled goes on as far as none is PUBLISHED */
inline settleClaims() {
    atomic { i = settled; contiguous = true };
    do
    :: atomic { i < published ->
        open = CLAIM_STATE(claim_v[SLOT(i)]) == PUBLISHED };
        if
        :: atomic { !open -> skip }; settle(i)
        :: atomic { open -> contiguous = false }
        fi;
        atomic { if :: contiguous -> settled = i + 1 :: else fi; i++; open = false }
    :: atomic { i >= published -> i = 0; contiguous = false; break }
    od
}

/* takeBack(): the swap; persist of the claim; then SlabIndex.release */
inline takeBack(t) {
    if
#ifdef MUTATE_TAKE_BACK_BY_WRITE
    :: atomic { claim_v[SLOT(t)] == CLAIM(t, PUBLISHED, 0) -> skip };
        atomic { claim_v[SLOT(t)] = CLAIM(t, WITHDRAWN, 0) };
#else
    :: atomic { claim_v[SLOT(t)] == CLAIM(t, PUBLISHED, 0) -> claim_v[SLOT(t)] = CLAIM(t, WITHDRAWN, 0) };
#endif
        atomic {
#ifndef MUTATE_WITHDRAWN_NOT_PERSISTED
            claim_d[SLOT(t)] = claim_v[SLOT(t)];
#endif
            skip };
        atomic { releaseUnit(SLAB_UNIT(slab_v[SLOT(t)])) }
    :: atomic { claim_v[SLOT(t)] != CLAIM(t, PUBLISHED, 0) -> skip }
    fi
}

/* freeSlot(): ticket t takes the slot of ticket t - RING */
inline freeSlot() {
    if
    :: atomic { published >= 2 * RING -> skip };
        takeBack(published - RING);
#ifndef MUTATE_SLOT_NOT_SETTLED
        settle(published - RING);
#endif
        atomic { if :: settled < published - RING + 1 -> settled = published - RING + 1 :: else fi }
    :: atomic { published < 2 * RING -> skip }
    fi
}

/* writeClaim(): the claim word, persist, the counter, persist */
inline writeClaim(state) {
#ifdef MUTATE_COUNTER_BEFORE_CLAIM
    atomic { published_v = published + 1; published_d = published_v };
#endif
    atomic { claim_v[SLOT(published)] = CLAIM(published, state, 0); stale_void[SLOT(published)] = false };
    atomic { claim_d[SLOT(published)] = claim_v[SLOT(published)] };
    atomic { published_v = published + 1; published_d = published_v; published++ }
}

/* publishFree(1): a free slab, whichever is least worn */
inline publishFree() {
    atomic { unit = UNITS; if :: !used[0] -> unit = 0
#if UNITS > 1
        :: !used[1] -> unit = 1
#endif
#if UNITS > 2
        :: !used[2] -> unit = 2
#endif
        :: else fi };
    if
    :: atomic { unit < UNITS -> work = true };
        freeSlot();
#ifdef MUTATE_PUBLISHED_BEFORE_RESERVED
        atomic { slab_v[SLOT(published)] = SLAB(published, GENERATION(owner_v[unit]) + 1, unit);
            slab_d[SLOT(published)] = slab_v[SLOT(published)] };
        atomic { claim_v[SLOT(published)] = CLAIM(published, PUBLISHED, 0); claim_d[SLOT(published)] = claim_v[SLOT(published)] };
        atomic { reserve(unit) };
        atomic { published_v = published + 1; published_d = published_v; published++; unit = 0 }
#else
        atomic { reserve(unit) };
        atomic { slab_v[SLOT(published)] = SLAB(published, GENERATION(owner_v[unit]), unit);
#ifndef MUTATE_SLAB_WORD_NOT_PERSISTED
            slab_d[SLOT(published)] = slab_v[SLOT(published)];
#endif
            unit = 0 };
        writeClaim(PUBLISHED)
#endif
    :: atomic { unit == UNITS -> unit = 0 }
    fi
}

/* takeBackUnclaimed(): any published ticket may have waited long enough, or have no holder yet */
inline takeBackUnclaimed() {
    atomic { i = settled };
    do
    :: atomic { i < published -> skip };
        if
        :: takeBack(i)
        :: atomic { skip }
        fi;
        atomic { i++ }
    :: atomic { i >= published -> i = 0; break }
    od
}

/* publish(): up to one slab ahead of demand (ahead() of nothing affordable is 0); else relieve() */
inline publish() {
    atomic { work = false; demanded = sequencer_v;
        if :: target = demanded :: target = demanded + 1 fi };
    do
    :: atomic { published < target -> work = false }; publishFree();
        if
        :: atomic { work -> skip }
        :: atomic { !work -> break }
        fi
    :: atomic { published >= target -> break }
    od;
#ifndef MUTATE_NO_VOID
    if
    :: atomic { published < demanded -> work = false };
        takeBackUnclaimed();
        publishFree();
        if
        :: atomic { !work && published < demanded -> skip }; freeSlot(); writeClaim(VOIDED)
        :: atomic { work || published >= demanded -> skip }
        fi
    :: atomic { published >= demanded -> skip }
    fi;
#endif
    atomic { demanded = 0; target = 0; work = false }
}

/* restore(): counters, reserved slabs that never got into a ring, then the bitmap and limbo from the table */
inline restoreRing() {
    atomic {
        published = published_v;
#ifndef MUTATE_COUNTER_NOT_RESTORED
        if :: CLAIM_TICKET(claim_v[SLOT(published)]) == published -> published++ :: else fi;
#endif
        published_v = published; published_d = published;
        settled = published - RING;
        if :: settled < RING -> settled = RING :: else fi;
        demanded = settled;
        for (i : settled .. published - 1) {
            if
            :: CLAIM_STATE(claim_v[SLOT(i)]) == CLAIMED -> demanded = i + 1
#ifndef MUTATE_VOID_NOT_TAKEN
            :: CLAIM_STATE(claim_v[SLOT(i)]) == VOIDED -> demanded = i + 1
#endif
            :: else
            fi;
            if
            :: (CLAIM_STATE(claim_v[SLOT(i)]) == CLAIMED || CLAIM_STATE(claim_v[SLOT(i)]) == PUBLISHED) && IS_RESERVED(i) ->
                in_limbo[SLAB_UNIT(slab_v[SLOT(i)])] = true                 /* here: the set inRings */
            :: else
            fi
        };
        i = 0
    };
    atomic { if :: sequencer_v < demanded -> sequencer_v = demanded :: else fi; sequencer_d = sequencer_v; demanded = 0 }
}

inline restore() {
    restoreRing();
    atomic { unit = 0 };
    do
    :: atomic { unit < UNITS ->
#ifndef MUTATE_RESERVED_NOT_FREED
        if :: STATE(owner_v[unit]) == RESERVED && !in_limbo[unit] -> releaseUnit(unit) :: else fi;
#endif
        unit++ }
    :: atomic { unit == UNITS ->
        for (unit : 0 .. UNITS - 1) {                                       /* SlabIndex.restore, FreeDrainer.restore */
            used[unit] = STATE(owner_v[unit]) != FREE;
            in_limbo[unit] = STATE(owner_v[unit]) == LIMBO
        };
        for (s : 0 .. WORKERS - 1) { head[s] = head_v[s] };
        unit = 0; s = 0; break }
    od
}

/* ==== FreeDrainer */

inline enterLimbo(u) {
    owner_v[u] = OWNER(LIMBO, 0, GENERATION(owner_v[u])); owner_d[u] = owner_v[u];
    in_limbo[u] = true; given[u] = false
}

/* drain(): the requests of one session, in order, up to one whose claim is not recorded yet */
inline drain(session) {
    do
    :: atomic { IS_REQUEST(request_v[REQUEST_AT(session, head[session])], head[session]) ->
        r = request_v[REQUEST_AT(session, head[session])];
        unit = SLAB_UNIT(r);
        open = false;
        if
        :: GENERATION(owner_v[unit]) != SLAB_GENERATION(r) -> skip
        :: else ->
            if
#ifndef MUTATE_DRAIN_BEFORE_CLAIM
            :: STATE(owner_v[unit]) == RESERVED -> open = true
#endif
            :: STATE(owner_v[unit]) == OWNED && SESSION(OWNER_WHO(owner_v[unit])) == session -> enterLimbo(unit)
            :: else
            fi
        fi;
        r = 0; unit = 0 };
        if
        :: atomic { open -> open = false; break }
        :: atomic { !open -> head[session] = head[session] + 1; head_v[session] = head[session] };
            atomic { head_d[session] = head_v[session] }
        fi
    :: atomic { !IS_REQUEST(request_v[REQUEST_AT(session, head[session])], head[session]) -> break }
    od
}

/* release(): limbo.pml says when; here the epochs may be over at any time */
inline release() {
    atomic { unit = 0 };
    do
    :: atomic { unit < UNITS && in_limbo[unit] -> in_limbo[unit] = false; releaseUnit(unit); unit++ }
    :: atomic { unit < UNITS -> unit++ }
    :: atomic { unit == UNITS -> unit = 0; break }
    od
}

/* ==== SessionRecovery */

/* A session whose lock can be taken has no living process (I7): stopped ones are killed first. */
#ifdef MUTATE_RECOVERS_STOPPED
#define ENDED(w) true
#else
#define ENDED(w) (pc[w] == DEAD)
#endif

/* recoverSlab(): with reachable blocks an orphan, else limbo */
inline recoverSlabs(session) {
    atomic { unit = 0 };
    do
    :: atomic { unit < UNITS ->
        if
        :: STATE(owner_v[unit]) == OWNED && SESSION(OWNER_WHO(owner_v[unit])) == session ->
            if
            :: linked[unit] -> owner_v[unit] = OWNER(ORPHANED, 0, GENERATION(owner_v[unit])); owner_d[unit] = owner_v[unit]
            :: else -> enterLimbo(unit)
            fi
        :: else
        fi;
        unit++ }
    :: atomic { unit == UNITS -> unit = 0; break }
    od
}

inline recoverSession(session) {
    atomic { line[session] = LINE_RECOVERING };
#ifndef MUTATE_RECOVERY_WITHOUT_CLAIMS
    settleClaims();
#endif
    drain(session);
#ifdef MUTATE_LINE_FREE_FIRST
    atomic { line[session] = LINE_FREE };
#endif
    recoverSlabs(session);
    atomic { line[session] = LINE_FREE }
}

inline watchSessions() {
    atomic { s = 0 };
    do
    :: atomic { s < WORKERS && line[s] != LINE_FREE && ENDED(s) -> skip }; recoverSession(s); atomic { s++ }
    :: atomic { s < WORKERS -> s++ }                                        /* not yet: the next watch sees it */
    :: atomic { s == WORKERS -> s = 0; break }
    od
}

/* BladeAgent.recover: nobody serves before every dead session was looked after */
inline recoverEverybody() {
    atomic { s = 0 };
    do
    :: atomic { s < WORKERS && line[s] != LINE_FREE && pc[s] == DEAD -> skip }; recoverSession(s); atomic { s++ }
    :: atomic { s < WORKERS && !(line[s] != LINE_FREE && pc[s] == DEAD) -> s++ }
    :: atomic { s == WORKERS -> s = 0; break }
    od
}

/* ==== BladeAgent */

/* I5: reserved, owned, free: each slab exactly one of them, and reachable for what it is */
#define IN_RING(u, t) ((t) < published && IS_RESERVED(t) && SLAB_UNIT(slab_v[SLOT(t)]) == (u) \
    && CLAIM_TICKET(claim_v[SLOT(t)]) == (t) && (CLAIM_STATE(claim_v[SLOT(t)]) == PUBLISHED || CLAIM_STATE(claim_v[SLOT(t)]) == CLAIMED))
#define PENDING(u, w, n) (IS_REQUEST(request_v[REQUEST_AT(w, n)], n) && SLAB_UNIT(request_v[REQUEST_AT(w, n)]) == (u) \
    && SLAB_GENERATION(request_v[REQUEST_AT(w, n)]) == GENERATION(owner_v[u]))

inline audit() {
    atomic {
        for (unit : 0 .. UNITS - 1) {
            assert(used[unit] == (STATE(owner_v[unit]) != FREE));
            assert(in_limbo[unit] == (STATE(owner_v[unit]) == LIMBO));
            assert(!linked[unit] || STATE(owner_v[unit]) != FREE && STATE(owner_v[unit]) != LIMBO);
            if
            :: STATE(owner_v[unit]) == RESERVED ->
                open = false;
                for (i : published - RING .. published - 1) { open = open || IN_RING(unit, i) };
                assert(open);
                open = false; i = 0
            :: STATE(owner_v[unit]) == OWNED ->
                s = SESSION(OWNER_WHO(owner_v[unit]));
                assert(line[s] != LINE_FREE && OWNER_WHO(owner_v[unit]) == WHO(s));
                assert(pc[s] != IDLE || late[s] || holder[unit] == s + 1 || given[unit]);
                assert(!given[unit] || PENDING(unit, s, head[s]) || PENDING(unit, s, head[s] + 1));
                s = 0
            :: else
            fi
        };
        unit = 0
    }
}

inline agentDies() {
    atomic {
        blade_down = false;
        for (unit : 0 .. UNITS - 1) { used[unit] = false; in_limbo[unit] = false };
        for (s : 0 .. WORKERS - 1) { head[s] = 0 };
        published = 0; settled = 0; i = 0; s = 0; unit = 0; r = 0; demanded = 0; target = 0;
        open = false; contiguous = false; work = false
    }
}

proctype Agent() {
    byte i, s, unit, demanded, target;
    short r;
    bool open, contiguous, work;
start:
    {
        restore(); settleClaims(); recoverEverybody();
        audit();
#ifndef MUTATE_SERVES_BEFORE_RECOVERY
        atomic { serving = true };
#endif
        do
        :: settleClaims();
            atomic { s = 0 };
            do
            :: atomic { s < WORKERS -> skip }; drain(s); atomic { s++ }
            :: atomic { s == WORKERS -> s = 0; break }
            od;
            release();
            publish();
            watchSessions();
            audit()
        od
    } unless { atomic { blade_down -> skip } };
    agentDies();
    goto start
}

/* ==== what may happen to them */

#define LOSE(v, d) if :: v == d :: v != d -> v = d :: v != d -> d = v fi

inline losePower() {
    LOSE(sequencer_v, sequencer_d);
    LOSE(published_v, published_d);
    for (i : 0 .. RING - 1) { LOSE(claim_v[i], claim_d[i]); LOSE(slab_v[i], slab_d[i]); stale_void[i] = true };
    for (i : 0 .. UNITS - 1) { LOSE(owner_v[i], owner_d[i]); given[i] = false };
    for (i : 0 .. WORKERS * FREE_RING - 1) { LOSE(request_v[i], request_d[i]) };
    for (i : 0 .. WORKERS - 1) { LOSE(head_v[i], head_d[i]); forgetWorker(i) };
    i = 0
}

proctype Chaos() {
    byte i, g;
end:
    do
    :: atomic { worker_deaths < WORKER_DEATHS ->
        worker_deaths++;
        if :: i = 0
#if WORKERS > 1
        :: i = 1
#endif
        fi;
        forgetWorker(i); i = 0 }
    :: atomic { blade_deaths < BLADE_DEATHS && !blade_down -> blade_deaths++; STOP_SERVING; blade_down = true }
    :: atomic { power_losses < POWER_LOSSES && !blade_down -> power_losses++; losePower(); STOP_SERVING; blade_down = true }
    od
}

init {
    atomic {
        byte k;
        for (k : 0 .. RING - 1) { claim_v[k] = CLAIM(k, WITHDRAWN, 0); claim_d[k] = claim_v[k] };
        k = 0;
        run Agent(); run Chaos();
        for (k : 0 .. WORKERS - 1) { run Worker(k) };
        k = 0
    }
}

#ifdef LIVENESS
/* I6, I9: whoever waits for an answer gets one, or dies */
ltl answered { [] ((pc[0] == TICKET) -> <> (pc[0] != TICKET)) }
#endif
