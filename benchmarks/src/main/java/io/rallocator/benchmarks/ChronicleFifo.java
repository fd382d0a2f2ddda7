package io.rallocator.benchmarks;

import java.nio.file.Path;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.wire.DocumentContext;

/** Chronicle Queue: one appender, one tailer. */
final class ChronicleFifo implements Fifo {
    private final ChronicleQueue queue;
    private ExcerptAppender appender;
    private ExcerptTailer tailer;

    ChronicleFifo(final Path folder) {
        queue = ChronicleQueue.singleBuilder(folder.resolve("chronicle-queue")).build();
    }

    /** Appenders belong to the thread that made them. */
    @Override
    public void offer(final byte[] element) {
        if (appender == null) {
            appender = queue.createAppender();
        }
        try (DocumentContext document = appender.writingDocument()) {
            document.wire().bytes().write(element);
        }
    }

    @Override
    public byte[] poll() {
        if (tailer == null) {
            tailer = queue.createTailer();
        }
        try (DocumentContext document = tailer.readingDocument()) {
            if (!document.isPresent()) {
                return null;
            }
            final Bytes<?> bytes = document.wire().bytes();
            final byte[] element = new byte[(int) bytes.readRemaining()];
            bytes.read(element);
            return element;
        }
    }

    @Override
    public void close() {
        queue.close();
    }
}
