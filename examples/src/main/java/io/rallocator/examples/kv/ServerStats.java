package io.rallocator.examples.kv;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What INFO counts. Thread-safe; figures are since the start or the last CONFIG RESETSTAT. */
final class ServerStats {

    final LongAdder connectionsReceived = new LongAdder();
    final LongAdder connectionsRejected = new LongAdder();
    final LongAdder commandsProcessed = new LongAdder();
    final LongAdder errorReplies = new LongAdder();
    final LongAdder keyspaceHits = new LongAdder();
    final LongAdder keyspaceMisses = new LongAdder();
    final LongAdder expiredKeys = new LongAdder();

    /** Connections open now; not reset. */
    final AtomicInteger connectedClients = new AtomicInteger();

    void reset() {
        connectionsReceived.reset();
        connectionsRejected.reset();
        commandsProcessed.reset();
        errorReplies.reset();
        keyspaceHits.reset();
        keyspaceMisses.reset();
        expiredKeys.reset();
    }
}
