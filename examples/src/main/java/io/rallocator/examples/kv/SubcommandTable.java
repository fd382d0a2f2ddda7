package io.rallocator.examples.kv;

import io.netty.handler.codec.redis.RedisMessage;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** A command whose second word says what it does, such as CLIENT ID. */
final class SubcommandTable implements Command.Handler {

    private final String name;
    private final Map<String, Command> subcommands = new HashMap<>();

    SubcommandTable(String name) {
        this.name = name;
    }

    /** Adds a subcommand; the arity counts the command's name too. */
    SubcommandTable add(String subcommand, int arity, Command.Handler handler) {
        subcommands.put(subcommand, new Command(name + "|" + subcommand, arity, handler));
        return this;
    }

    @Override
    public RedisMessage handle(Request request) {
        Command subcommand = subcommands.get(request.text(1).toLowerCase(Locale.ROOT));
        if (subcommand == null) {
            throw new CommandException("ERR unknown subcommand '" + request.text(1) + "'. Try "
                    + name.toUpperCase(Locale.ROOT) + " HELP.");
        }
        if (!subcommand.accepts(request.size())) {
            throw CommandException.wrongArity(subcommand.name());
        }
        return subcommand.handler().handle(request);
    }
}
