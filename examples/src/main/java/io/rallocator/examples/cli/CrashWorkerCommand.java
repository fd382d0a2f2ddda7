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
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One worker of the crash test: does one step after the other, and writes each down after it returned. Ends by a kill only. */
@Command(name = "crash-worker", hidden = true)
final class CrashWorkerCommand implements Callable<Integer> {
    static final String MAP = "crash-map";
    static final String QUEUE = "crash-queue";
    static final String NOTHING = "-";

    @Spec
    private CommandSpec spec;

    @Option(names = "--pool", required = true)
    private Path pool;

    @Option(names = "--worker", required = true)
    private int worker;

    @Option(names = "--from", required = true)
    private int from;

    @Option(names = "--log", required = true)
    private Path log;

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        try (RemoteHeap heap = RemoteHeap.open("local:" + pool + "?name=crash-" + worker);
                OutputStream acknowledged = new FileOutputStream(log.toFile(), true)) {
            final RemoteMap<String, byte[]> map = heap.map(MAP, Codecs.string(), Codecs.bytes());
            final RemoteQueue<String> queue = heap.queue(QUEUE, Codecs.string());
            out.println("ready");
            out.flush();
            for (int number = from; ; number++) {
                final String result = run(CrashStep.of(worker, number), map, queue);
                acknowledged.write((number + " " + result + "\n").getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    /** Returns what was polled, or NOTHING. */
    private static String run(
            final CrashStep step, final RemoteMap<String, byte[]> map, final RemoteQueue<String> queue) {
        switch (step.kind()) {
            case PUT -> map.put(step.key(), step.value());
            case REMOVE -> map.remove(step.key());
            case OFFER -> queue.add(step.element());
            case POLL -> {
                final String element = queue.poll();
                return element == null ? NOTHING : element;
            }
        }
        return NOTHING;
    }
}
