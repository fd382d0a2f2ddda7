package io.rallocator.examples.cli;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.OutcomeUnknownException;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * One worker of the crash test: does one step after the other, and writes each down after it returned. Ends by a kill only. If it loses its blade it
 * opens another heap as soon as there is one, asks what became of the step that was interrupted, and goes on.
 */
@Command(name = "crash-worker", hidden = true)
final class CrashWorkerCommand implements Callable<Integer> {
    private static final Logger LOGGER = LoggerFactory.getLogger(CrashWorkerCommand.class);

    static final String MAP = "crash-map";
    static final String QUEUE = "crash-queue";
    static final String NOTHING = "-";

    /** Something was taken, but the answer was lost with the connection. */
    static final String UNKNOWN_ELEMENT = "?";

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    @Spec
    private CommandSpec spec;

    @Option(names = "--heap", required = true)
    private String address;

    @Option(names = "--worker", required = true)
    private int worker;

    @Option(names = "--from", required = true)
    private int from;

    @Option(names = "--log", required = true)
    private Path log;

    @Override
    public Integer call() throws IOException {
        try (OutputStream acknowledged = new FileOutputStream(log.toFile(), true)) {
            OperationId interrupted = null;
            for (int number = from; ; ) {
                try (RemoteHeap heap = open()) {
                    if (interrupted != null) {
                        number += settle(heap, number, interrupted, acknowledged) ? 1 : 0;
                        interrupted = null;
                    }
                    number = work(heap, number, acknowledged);
                } catch (final Lost lost) {
                    number = lost.number;
                    interrupted = lost.interrupted;
                } catch (final SessionFencedException | PoolUnavailableException e) {
                    LOGGER.debug("lost the blade before a step", e);
                }
            }
        }
    }

    /** The blade was lost in a step. */
    private static final class Lost extends Exception {
        private static final long serialVersionUID = 1L;

        private final int number;
        private final transient OperationId interrupted;

        Lost(final int number, final OperationId interrupted, final Throwable cause) {
            super(cause);
            this.number = number;
            this.interrupted = interrupted;
        }
    }

    /** Waits for a blade that comes back. */
    private RemoteHeap open() {
        final long deadline = System.nanoTime() + PATIENCE_NS;
        for (; ; ) {
            try {
                return RemoteHeap.open(address + (address.contains("?") ? "&" : "?") + "name=crash-" + worker);
            } catch (final PoolUnavailableException | SessionFencedException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw e;
                }
                LockSupport.parkNanos(10_000_000);
            }
        }
    }

    private int work(final RemoteHeap heap, final int first, final OutputStream acknowledged) throws IOException, Lost {
        int number = first;
        try {
            final RemoteMap<String, byte[]> map = heap.map(MAP, Codecs.string(), Codecs.bytes());
            final RemoteQueue<String> queue = heap.queue(QUEUE, Codecs.string());
            if (first == from) {
                spec.commandLine().getOut().println("ready");
                spec.commandLine().getOut().flush();
            }
            for (; ; number++) {
                acknowledge(acknowledged, number, run(CrashStep.of(worker, number), map, queue));
            }
        } catch (final OutcomeUnknownException e) {
            throw new Lost(number, e.operationId(), e);
        } catch (final SessionFencedException | PoolUnavailableException e) {
            throw new Lost(number, null, e); // the step had no effect
        }
    }

    /** Returns true if the step that was interrupted has happened, which is then acknowledged. */
    private boolean settle(
            final RemoteHeap heap, final int number, final OperationId interrupted, final OutputStream acknowledged)
            throws IOException, Lost {
        final Outcome outcome;
        try {
            outcome = heap.outcome(interrupted);
        } catch (final SessionFencedException | PoolUnavailableException e) {
            throw new Lost(number, interrupted, e); // ask again
        }
        switch (outcome) {
            case HAPPENED -> {
                final boolean polls = CrashStep.of(worker, number).kind() == CrashStep.Kind.POLL;
                acknowledge(acknowledged, number, polls ? UNKNOWN_ELEMENT : NOTHING);
                return true;
            }
            case DID_NOT_HAPPEN -> {
                return false;
            }
            default -> throw new IllegalStateException("nobody knows what became of " + interrupted);
        }
    }

    private static void acknowledge(final OutputStream acknowledged, final int number, final String result)
            throws IOException {
        acknowledged.write((number + " " + result + "\n").getBytes(StandardCharsets.US_ASCII));
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
