package io.rallocator.examples.kv;

import io.netty.handler.codec.redis.RedisMessage;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.RallocatorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the command of a request, has it carried out and turns whatever goes wrong into an error reply. */
final class Dispatcher {

    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

    private final CommandTable commands;
    private final ServerStats stats;

    Dispatcher(CommandTable commands, ServerStats stats) {
        this.commands = commands;
        this.stats = stats;
    }

    /** Answers a request. Throws nothing: every request gets exactly one reply. */
    RedisMessage answer(Request request) {
        stats.commandsProcessed.increment();
        try {
            return commands.find(request).handler().handle(request);
        } catch (CommandException e) {
            return error(e.getMessage());
        } catch (OutOfRemoteMemoryException e) {
            LOG.warn("{} refused, the pool is full: {}", request.name(), e.getMessage());
            return error("OOM command not allowed when used memory > 'maxmemory'. " + e.getMessage());
        } catch (RallocatorException e) {
            log(request, e);
            return error("ERR " + e.category() + ": " + e.getMessage());
        } catch (IllegalArgumentException e) {
            // The map and the queues refuse keys and values over the pool's limits like this.
            LOG.debug("{} refused", request.name(), e);
            return error("ERR " + e.getMessage());
        } catch (RuntimeException | Error e) {
            LOG.error("{} failed unexpectedly", request.name(), e);
            return error("ERR internal error");
        }
    }

    private static void log(Request request, RallocatorException e) {
        switch (e.category()) {
            case INVALID, BUSY, EXHAUSTED, CLOSED -> LOG.warn("{} refused: {}", request.name(), e.getMessage());
            default -> LOG.error("{} failed", request.name(), e);
        }
    }

    /** An error reply, counted. */
    RedisMessage error(String message) {
        stats.errorReplies.increment();
        return Replies.error(message);
    }
}
