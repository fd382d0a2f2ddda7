package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * Kills the server's process in the middle of writing, several times over one pool. What was acknowledged must be
 * there afterwards; of what was not, each client has at most one operation in flight, which may have taken effect.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class KvKillIT {

    private static final int WRITERS = 4;
    private static final int KILLS = 3;
    private static final int MOST_ROUNDS = 3_000;

    @TempDir
    private Path directory;

    /** One client: its own keys, and what the server acknowledged of them. */
    private static final class Writer {

        private final int number;
        private final List<String> popped = new ArrayList<>();
        private final AtomicLong acknowledged = new AtomicLong();
        private long counter;
        private long sets;
        private long pushes;

        Writer(int number) {
            this.number = number;
        }

        void writeUntilKilled(ServerProcess server) {
            try (Jedis jedis = server.newClient()) {
                for (; ; ) {
                    jedis.incr("counter" + number);
                    counter++;
                    acknowledged.incrementAndGet();
                    jedis.set("key" + number + "-" + sets % 100, String.valueOf(sets));
                    sets++;
                    jedis.lpush("list" + number, String.valueOf(pushes));
                    pushes++;
                    if (pushes % 3 == 0) {
                        popped.add(jedis.rpop("list" + number));
                    }
                }
            } catch (JedisConnectionException e) {
                // Killed: the operation under way was not acknowledged.
            }
        }

        void check(Jedis jedis) {
            String stored = jedis.get("counter" + number);
            long found = stored == null ? 0 : Long.parseLong(stored);
            assertThat(found).isBetween(counter, counter + 1);
            counter = found;
            checkSets(jedis);
            checkList(jedis);
        }

        private void checkSets(Jedis jedis) {
            for (long i = Math.max(0, sets - 100); i < sets; i++) {
                String value = jedis.get("key" + number + "-" + i % 100);
                boolean isNext = String.valueOf(sets).equals(value) && i == sets - 100;
                assertThat(isNext ? String.valueOf(i) : value).isEqualTo(String.valueOf(i));
            }
        }

        /** The list must hold all that was pushed and not popped, in order; one pop may have been in flight. */
        private void checkList(Jedis jedis) {
            List<String> rest = new ArrayList<>();
            String element;
            while ((element = jedis.rpop("list" + number)) != null) {
                rest.add(element);
            }
            List<String> all = new ArrayList<>(popped);
            all.addAll(rest);
            assertThat(all).doesNotHaveDuplicates();
            Set<String> missing = new HashSet<>();
            for (long i = 0; i < pushes; i++) {
                missing.add(String.valueOf(i));
            }
            all.forEach(missing::remove);
            assertThat(missing).hasSizeLessThanOrEqualTo(1);
            assertThat(rest).isSortedAccordingTo((a, b) -> Long.compare(Long.parseLong(a), Long.parseLong(b)));
            assertThat(all).hasSizeBetween((int) pushes - 1, (int) pushes + 1);
            jedis.del("list" + number);
            popped.clear();
            pushes = 0;
        }
    }

    @RepeatedTest(2)
    void shouldKeepWhatWasAcknowledgedWhenKilled() throws Exception {
        long seed = Long.getLong("rallocator.seed", System.nanoTime());
        System.out.println("KvKillIT seed " + seed + "; replay with -Drallocator.seed=" + seed);
        Random random = new Random(seed);
        List<Writer> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            writers.add(new Writer(i));
        }
        String pool = directory.resolve("pool").toString();
        for (int kill = 0; kill < KILLS; kill++) {
            try (ServerProcess server = ServerProcess.kv("--pool", pool, "--size", "256m", "--port", "0")) {
                writeAndKill(server, writers, 1 + random.nextInt(MOST_ROUNDS));
            }
            try (ServerProcess server = ServerProcess.kv("--pool", pool, "--port", "0");
                    Jedis jedis = server.newClient()) {
                for (Writer writer : writers) {
                    writer.check(jedis);
                }
                server.terminate();
            }
            PoolCheck.assertClean(Path.of(pool));
        }
    }

    private static void writeAndKill(ServerProcess server, List<Writer> writers, int rounds) throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (Writer writer : writers) {
            Thread thread = new Thread(() -> writer.writeUntilKilled(server));
            threads.add(thread);
            thread.start();
        }
        Writer first = writers.get(0);
        long enough = first.acknowledged.get() + rounds;
        while (first.acknowledged.get() < enough && threads.get(0).isAlive()) {
            LockSupport.parkNanos(100_000);
        }
        server.kill();
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
