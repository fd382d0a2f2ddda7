package io.rallocator.examples.kv;

import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

/** Clients of a server on this machine. */
final class TestClients {

    private static final int TIMEOUT_MS = 20_000;

    private TestClients() {}

    /** One connection, which connects when it is first used. */
    static Jedis connect(int port) {
        return new Jedis(
                address(port),
                DefaultJedisClientConfig.builder()
                        .autoNegotiateProtocol(false)
                        .socketTimeoutMillis(TIMEOUT_MS)
                        .connectionTimeoutMillis(TIMEOUT_MS)
                        .build());
    }

    static HostAndPort address(int port) {
        return new HostAndPort("127.0.0.1", port);
    }
}
