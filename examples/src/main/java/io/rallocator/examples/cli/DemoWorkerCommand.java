package io.rallocator.examples.cli;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * One worker of the demonstration: takes lines from the queue, counts their words in the map, and writes down each
 * operation in a plain file after it returned. Made to be killed.
 */
@Command(name = "demo-worker", hidden = true)
final class DemoWorkerCommand implements Callable<Integer> {
    static final String QUEUE = "lines";
    static final String WORDS = "words";
    static final String DONE = "done";

    /** What ends a worker: a line with this number. */
    static final long END = -1;

    private static final int LINES_BETWEEN_REPORTS = 50;

    @Spec
    private CommandSpec spec;

    @Option(names = "--pool", required = true)
    private Path pool;

    @Option(names = "--name", required = true)
    private String name;

    @Option(names = "--log", required = true)
    private Path log;

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        try (RemoteHeap heap = RemoteHeap.open("local:" + pool + "?name=" + name);
                OutputStream acknowledged = new FileOutputStream(log.toFile(), true)) {
            final RemoteQueue<String> queue = heap.queue(QUEUE, Codecs.string());
            final RemoteMap<String, Long> words = heap.map(WORDS, Codecs.string(), Codecs.longs());
            final RemoteMap<Long, Long> done = heap.map(DONE, Codecs.longs(), Codecs.longs());
            out.println("ready");
            out.flush();
            for (long count = 1; ; count++) {
                final String element = queue.take();
                final int tab = element.indexOf('\t');
                final long number = Long.parseLong(element.substring(0, tab));
                if (number == END) {
                    return 0;
                }
                final String line = element.substring(tab + 1);
                final long checksum = Corpus.checksum(line);
                acknowledge(acknowledged, "P " + number + " " + checksum);
                final List<String> list = Corpus.words(line);
                for (int i = 0; i < list.size(); i++) {
                    words.merge(list.get(i), 1L, Long::sum);
                    acknowledge(acknowledged, "W " + number + " " + i);
                }
                done.put(number, checksum);
                acknowledge(acknowledged, "D " + number);
                if (count % LINES_BETWEEN_REPORTS == 0) {
                    out.println("progress " + count);
                    out.flush();
                }
            }
        }
    }

    /** One write(2) an operation: it reaches the kernel, so it outlives this process. */
    private static void acknowledge(final OutputStream log, final String record) throws IOException {
        log.write((record + "\n").getBytes(StandardCharsets.US_ASCII));
    }
}
