package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class KeyLocksTest {

    private static final byte[] KEY = "jobs".getBytes(UTF_8);

    @TempDir
    private Path directory;

    private RemoteHeap blade;
    private RemoteHeap other;

    @BeforeEach
    void openHeaps() {
        blade = RemoteHeap.open("embedded:" + directory.resolve("pool") + "?size=16m");
        other = attach();
    }

    private RemoteHeap attach() {
        return RemoteHeap.open("local:" + directory.resolve("pool"));
    }

    @AfterEach
    void closeHeaps() {
        other.close();
        blade.close();
        PoolCheck.assertClean(directory.resolve("pool"));
    }

    @Test
    void shouldLetOneInAtATimeWhenServersOfSeveralSessionsAndOfOneWantIn() throws Exception {
        List<KeyLocks> servers = List.of(new KeyLocks(blade), new KeyLocks(other), new KeyLocks(other));
        RemoteMap<String, Long> counts = blade.map("counts", Codecs.string(), Codecs.longs());
        ExecutorService executor = Executors.newFixedThreadPool(servers.size() * 2);
        List<Future<?>> ends = new ArrayList<>();
        for (int i = 0; i < servers.size() * 2; i++) {
            KeyLocks locks = servers.get(i / 2);
            ends.add(executor.submit(() -> {
                for (int n = 0; n < 300; n++) {
                    KeyLocks.Held held = locks.lock(KEY);
                    try {
                        // Not atomic, so a count is lost if two are in here.
                        counts.put("n", counts.getOrDefault("n", 0L) + 1);
                    } finally {
                        held.release();
                    }
                }
            }));
        }
        for (Future<?> end : ends) {
            end.get();
        }
        executor.shutdown();

        assertThat(counts.get("n")).isEqualTo(300L * servers.size() * 2);
    }

    @Test
    void shouldTakeOverWhenTheSessionOfTheHolderIsOver() {
        RemoteHeap dying = attach();
        new KeyLocks(dying).lock(KEY);
        dying.close();

        new KeyLocks(other).lock(KEY).release();
    }

    @Test
    void shouldSayWhoHoldsItWhenThatOneStays() {
        KeyLocks.Held held = new KeyLocks(blade).lock(KEY);

        assertThatThrownBy(() -> new KeyLocks(other).lock(KEY))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith("TRYAGAIN the list is in use by another server, " + blade.session()
                        + ", for more than 2000 ms");

        held.release();
        new KeyLocks(other).lock(KEY).release();
    }

    @Test
    void shouldStayUsableWhenALockCouldNotBeGivenBack() {
        KeyLocks locks = new KeyLocks(other);
        KeyLocks.Held held = locks.lock(KEY);
        other.close();

        held.release();

        assertThatThrownBy(() -> locks.lock(KEY)).hasMessageContaining("is closed");
        new KeyLocks(blade).lock(KEY).release();
    }
}
