package io.rallocator.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.rallocator.allocator.Blade;
import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What a user sees: one plain line and an exit code for everything that can be wrong, figures for what is right. */
class RallocatorCliTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(final String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        final CommandLine commandLine = RallocatorCli.commandLine();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        return commandLine.execute(args);
    }

    private Path pool() {
        final Path pool = folder.resolve("pool");
        try (RemoteHeap heap = RemoteHeap.open("embedded:" + pool + "?size=16m")) {
            heap.map("ages", Codecs.string(), Codecs.ints()).put("Ada", 36);
            heap.queue("jobs", Codecs.string()).add("first");
        }
        return pool;
    }

    private void fails(final int code, final String part, final String... args) {
        assertThat(run(args)).as(err.toString()).isEqualTo(code);
        assertThat(err.toString()).startsWith("rallocator: ").contains(part).hasLineCount(1);
    }

    @Test
    void shouldSayWhatToDoWithoutACommand() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString())
                .contains("a command is missing")
                .contains("demo")
                .contains("check");
    }

    @Test
    void shouldHelpWithEveryCommand() {
        for (final String command :
                new String[] {"demo", "kv", "blade", "blades", "drain", "inspect", "check", "crash-test"}) {
            assertThat(run(command, "--help")).isZero();
            assertThat(out.toString()).contains("Usage: rallocator " + command).contains("--json");
        }
    }

    @Test
    void shouldSayWhatRdmaNeedsBeforeAPoolIsCreated() {
        final String pool = folder.resolve("p").toString();
        fails(2, "--allow-unauthenticated", "blade", "--pool", pool, "--listen", "rdma://127.0.0.1:0");
        fails(2, "neither tokens", "blade", "--pool", pool, "--listen", "rdma://127.0.0.1:0", "--token-file", "token");
        fails(2, "rdma://HOST:PORT", "blade", "--pool", pool, "--listen", "rdma:here");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void shouldRejectUnknownOptionsAndSizes() {
        assertThat(run("check", "--fast", "x")).isEqualTo(2);
        assertThat(run("blade", "--pool", folder.resolve("p").toString(), "--size", "many"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("'many' is no size such as 65536, 64k, 512m, 4g or 1t");
        assertThat(run("blade", "--pool", folder.resolve("p").toString(), "--size", "1k"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("1024").contains("4194304");
        assertThat(folder.resolve("p")).doesNotExist();
    }

    @Test
    void shouldReadSizesAsPeopleWriteThem() {
        final ByteSize size = new ByteSize();
        assertThat(size.convert("65536")).isEqualTo(65_536);
        assertThat(size.convert("64K")).isEqualTo(65_536);
        assertThat(size.convert("4g")).isEqualTo(4L << 30);
        assertThat(ByteSize.forPeople(1536)).isEqualTo("1.5 KiB");
    }

    @Test
    void shouldCheckAndInspectAPool() throws IOException {
        final Path pool = pool();
        assertThat(run("check", pool.toString())).as(out.toString()).isZero();
        assertThat(out.toString())
                .contains("clean")
                .contains("map 'ages': 1 elements")
                .contains("queue 'jobs': 1");

        assertThat(run("check", "--json", pool.toString())).isZero();
        final JsonNode report = new ObjectMapper().readTree(out.toString());
        assertThat(report.get("clean").asBoolean()).isTrue();
        assertThat(report.get("leakedBlocks").asLong()).isZero();
        final long held = report.get("heldBytes").asLong();
        assertThat(held).isGreaterThan(report.get("liveBytes").asLong());
        assertThat(run("check", pool.toString())).isZero();
        assertThat(out.toString()).contains(" in slabs of " + ByteSize.forPeople(held));

        assertThat(run("inspect", "--json", pool.toString())).isZero();
        final JsonNode view = new ObjectMapper().readTree(out.toString());
        assertThat(view.get("capacity").asLong()).isEqualTo(16 << 20);
        assertThat(view.get("structures")).hasSize(2);
        assertThat(run("inspect", pool.toString())).isZero();
        assertThat(out.toString()).contains("structures: 2").contains("ages");
    }

    @Test
    void shouldShowNamesOfTodayAndWhatStructuresHold() throws IOException {
        final Path pool = pool();
        try (RemoteHeap heap = RemoteHeap.open("embedded:" + pool)) {
            heap.rename("ages", "years");
            heap.drop("jobs");
            heap.queue("jobs", Codecs.ints()).addAll(List.of(1, 2, 3));
        }
        assertThat(run("check", pool.toString())).as(out.toString()).isZero();
        assertThat(out.toString()).contains("map 'years': 1 elements").contains("queue 'jobs': 3");
        assertThat(run("inspect", "--json", "--scan", pool.toString())).isZero();
        for (final JsonNode structure :
                new ObjectMapper().readTree(out.toString()).get("structures")) {
            if (structure.get("name").asText().equals("years")) {
                assertThat(structure.get("createdAs").asText()).isEqualTo("ages");
                assertThat(structure.get("elements").asLong()).isEqualTo(1);
                assertThat(structure.get("bytes").asLong()).isPositive();
                assertThat(structure.get("unreadable").asLong()).isZero();
            } else if (!structure.get("type").asText().equals("dropped")) {
                assertThat(structure.get("name").asText()).isEqualTo("jobs");
                assertThat(structure.get("elements").asLong()).isEqualTo(3);
            }
        }
    }

    @Test
    void shouldInspectAServedPoolAndRefuseToCheckIt() {
        final Path pool = pool();
        try (Blade blade = Blade.open(pool)) {
            assertThat(run("inspect", pool.toString())).isZero();
            fails(3, "a blade serves " + blade.pool(), "check", pool.toString());
            fails(3, "is served by another blade", "blade", "--pool", pool.toString());
        }
    }

    @Test
    void shouldDrainABladeAndShowIt() {
        final String paths = folder.resolve("a") + "," + folder.resolve("b");
        try (RemoteHeap heap = RemoteHeap.open("embedded:" + paths + "?size=32m")) {
            for (int i = 0; i < 100; i++) {
                heap.map("ages", Codecs.string(), Codecs.ints()).put("Ada " + i, i);
            }
            assertThat(run("blades", "local:" + paths)).isZero();
            assertThat(out.toString()).hasLineCount(2).contains("blade 0: in use, pool ", "blade 1: in use, pool ");
            fails(2, "blade 0 has the names", "drain", "local:" + paths, "0");
            fails(2, "no blade 2", "drain", "local:" + paths, "2");
            assertThat(run("drain", "local:" + paths, "1")).as(err.toString()).isZero();
            assertThat(out.toString()).contains("blade 1 is retired");
            assertThat(run("drain", "--json", "local:" + paths, "1")).isZero();
            assertThat(out.toString()).contains("\"moved\":0");
            assertThat(run("blades", "--json", "local:" + paths)).isZero();
            assertThat(out.toString()).contains("\"state\":\"retired\"").contains("\"state\":\"in use\"");
            assertThat(heap.map("ages", Codecs.string(), Codecs.ints())).hasSize(100);
        }
    }

    @Test
    void shouldRefuseAnotherSizeWhenThePoolExists() {
        final Path pool = pool();
        fails(2, "asked for was 3145728; leave --size out", "blade", "--pool", pool.toString(), "--size", "3m");
        fails(
                2,
                "exists with durability process, asked for was power",
                "blade",
                "--pool",
                pool.toString(),
                "--durability",
                "power");
    }

    @Test
    void shouldNameWhatIsWrongWithAFile() throws IOException {
        fails(7, "there is no file", "check", folder.resolve("none").toString());
        final Path text = Files.writeString(folder.resolve("text"), "not a pool, and shorter than one");
        fails(7, "is not a RAllocator pool", "check", text.toString());
        fails(7, "is not a RAllocator pool", "inspect", text.toString());
        fails(7, "is not a RAllocator pool", "blade", "--pool", text.toString());
        final Path cut = pool();
        try (FileChannel channel = FileChannel.open(cut, StandardOpenOption.WRITE)) {
            channel.truncate(1 << 20);
        }
        fails(7, "is truncated: it has 1048576 bytes", "blade", "--pool", cut.toString());
    }

    @Test
    void shouldSurviveOneDamagedSuperblockAndReportTwo() throws IOException {
        final Path pool = pool();
        damage(pool, 20);
        assertThat(run("check", pool.toString())).isEqualTo(1);
        assertThat(out.toString()).contains("NOT CLEAN").contains("superblock");
        assertThat(run("check", "--repair", pool.toString())).as(out.toString()).isZero();
        damage(pool, 20);
        damage(pool, 4096 + 20);
        fails(5, "both superblock copies", "check", pool.toString());
        assertThat(run("check", "--json", pool.toString())).isEqualTo(5);
        assertThat(new ObjectMapper()
                        .readTree(out.toString())
                        .at("/error/category")
                        .asText())
                .isEqualTo("CORRUPTED");
    }

    private static void damage(final Path pool, final long offset) throws IOException {
        try (FileChannel channel = FileChannel.open(pool, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            final ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            one.flip();
            channel.write(ByteBuffer.wrap(new byte[] {(byte) (one.get(0) ^ 0x5A)}), offset);
        }
    }
}
