/**
 * A key-value store that speaks the Redis protocol (RESP2) over a persistent map and persistent queues.
 *
 * <p>{@link io.rallocator.examples.kv.KvServer} is the server; {@link io.rallocator.examples.kv.KvCommand} starts it
 * from the command line. Inside, data flows one way:
 *
 * <pre>
 *   bytes ─ RequestDecoder ─ ConnectionHandler ─ ReplyWriter ─ bytes   one per connection
 *                                    │
 *                                  CommandTable ── StringCommands, ListCommands, KeyCommands, …
 *                                                                     │
 *                                        Keyspace (live values, TTL) ─┴─ ListStore (queues)
 *                                                 │                          │
 *                                          RemoteMap "kv"          RemoteQueue "kv.list.…"
 * </pre>
 *
 * <p><b>Threads.</b> Every command runs on the event loop of its connection; map and queue operations do not block.
 * The sweep for expired keys has its own thread.
 *
 * <p><b>Crashes.</b> A reply is written after the operation of the map or the queue has returned, and those return
 * when the change is persistent. So what was acknowledged is there after a kill and a restart.
 */
package io.rallocator.examples.kv;
