package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/** Several servers serve one pool of one blade at once, each in a process of its own, over TCP. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class KvClusterIT {

    private static final long ROUNDS = 300;

    private final long seed = Long.getLong("rallocator.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final AtomicBoolean stop = new AtomicBoolean();

    @TempDir
    private Path directory;

    private int port;

    @BeforeEach
    void choosePort() throws IOException {
        System.out.println("KvClusterIT seed " + seed + "; replay with -Drallocator.seed=" + seed);
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
    }

    private ServerProcess startBlade() throws IOException {
        return ServerProcess.blade(
                "--pool", pool().toString(), "--size", "256m", "--listen", "tcp://127.0.0.1:" + port);
    }

    private ServerProcess startServer() throws IOException {
        return ServerProcess.kv("--connect", "tcp://127.0.0.1:" + port, "--port", "0");
    }

    private Path pool() {
        return directory.resolve("pool");
    }

    /** A client of one server: counts a shared counter up, pushes to a shared list and pops from it. */
    private final class Client extends Thread {

        private final int number;
        private final ServerProcess server;
        private final AtomicLong rounds = new AtomicLong();
        private final Set<String> pushed = new HashSet<>();
        private final List<String> popped = new ArrayList<>();
        private final List<String> errors = new ArrayList<>();
        private long increments;
        /** Operations that were answered by an error or not at all: they may have taken effect. */
        private long unknown;

        private long counter;
        private String pushing;

        Client(int number, ServerProcess server) {
            this.number = number;
            this.server = server;
            start();
        }

        @Override
        public void run() {
            try (Jedis jedis = server.newClient()) {
                while (!stop.get()) {
                    round(jedis);
                }
            } catch (JedisConnectionException e) {
                unknown++; // its server was killed
            }
        }

        private void round(Jedis jedis) {
            try {
                jedis.incr("counter");
                increments++;
                pushing = number + "-" + counter++;
                jedis.lpush("list", pushing);
                pushed.add(pushing);
                String element = jedis.rpop("list");
                if (element != null) {
                    popped.add(element);
                }
                rounds.incrementAndGet();
            } catch (JedisDataException e) {
                unknown++;
                errors.add(e.getMessage());
            }
        }

        /** Waits for so many more rounds. */
        void awaitRounds(long more) {
            long enough = rounds.get() + more;
            while (rounds.get() < enough && isAlive()) {
                LockSupport.parkNanos(1_000_000);
            }
            assertThat(isAlive()).isTrue();
        }
    }

    private void endAndCheck(List<Client> clients, ServerProcess server) throws Exception {
        stop.set(true);
        Set<String> sure = new HashSet<>();
        List<String> popped = new ArrayList<>();
        long increments = 0;
        long unknown = 0;
        for (Client client : clients) {
            client.join();
            sure.addAll(client.pushed);
            popped.addAll(client.popped);
            increments += client.increments;
            unknown += client.unknown;
        }
        try (Jedis jedis = server.newClient()) {
            assertThat(Long.parseLong(jedis.get("counter"))).isBetween(increments, increments + unknown);
            String element;
            while ((element = jedis.rpop("list")) != null) {
                popped.add(element);
            }
            assertThat(jedis.llen("list")).isZero();
        }
        assertThat(popped).doesNotHaveDuplicates();
        sure.removeAll(popped);
        assertThat((long) sure.size()).as("acknowledged and lost: %s", sure).isLessThanOrEqualTo(unknown);
    }

    @Test
    void shouldGoOnWhenAnotherServerIsKilled() throws Exception {
        try (ServerProcess blade = startBlade();
                ServerProcess first = startServer();
                ServerProcess second = startServer();
                ServerProcess victim = startServer()) {
            List<Client> clients =
                    List.of(new Client(0, first), new Client(1, second), new Client(2, victim), new Client(3, victim));
            clients.get(2).awaitRounds(1 + random.nextInt((int) ROUNDS));
            victim.kill();
            clients.get(0).awaitRounds(ROUNDS);
            clients.get(1).awaitRounds(ROUNDS);
            endAndCheck(clients, second);
            // A lock of the dead is free as soon as the blade has noticed, so TRYAGAIN would mean seconds of nothing.
            assertThat(clients.get(0).errors).isEmpty();
            assertThat(clients.get(1).errors).isEmpty();
            first.terminate();
            second.terminate();
            blade.terminate();
        }
        PoolCheck.assertClean(pool());
    }

    @Test
    void shouldGoOnWhenTheBladeIsKilledAndStartedAgain() throws Exception {
        try (ServerProcess blade = startBlade();
                ServerProcess first = startServer();
                ServerProcess second = startServer()) {
            List<Client> clients = List.of(new Client(0, first), new Client(1, second), new Client(2, second));
            clients.get(2).awaitRounds(1 + random.nextInt((int) ROUNDS));
            blade.kill();
            try (ServerProcess successor = startBlade()) {
                for (Client client : clients) {
                    client.awaitRounds(ROUNDS);
                }
                endAndCheck(clients, first);
                for (Client client : clients) {
                    assertThat(client.errors).isNotEmpty();
                }
                first.terminate();
                second.terminate();
                successor.terminate();
            }
        }
        PoolCheck.assertClean(pool());
    }
}
