package io.rallocator.examples.kv;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** All commands by name. Filled once by the command families, then read by all event loops. */
final class CommandTable {

    private static final int MAX_QUOTED = 128;

    private final Map<String, Command> commands = new HashMap<>();

    /** Adds a command; see {@link Command} for the arguments. */
    CommandTable add(String name, int arity, Command.Handler handler) {
        if (commands.put(name, new Command(name, arity, handler)) != null) {
            throw new IllegalStateException("two commands are called '" + name + "'");
        }
        return this;
    }

    /**
     * The command that a request asks for.
     *
     * @throws CommandException if there is none of that name, or it takes another number of arguments
     */
    Command find(Request request) {
        Command command = commands.get(request.name());
        if (command == null) {
            throw unknown(request);
        }
        if (!command.accepts(request.size())) {
            throw CommandException.wrongArity(command.name());
        }
        return command;
    }

    Set<String> names() {
        return new TreeSet<>(commands.keySet());
    }

    private static CommandException unknown(Request request) {
        StringBuilder arguments = new StringBuilder();
        for (int i = 1; i < request.size() && arguments.length() < MAX_QUOTED; i++) {
            arguments
                    .append('\'')
                    .append(shorten(request.text(i), MAX_QUOTED - arguments.length()))
                    .append("' ");
        }
        return new CommandException("ERR unknown command '" + shorten(request.text(0), MAX_QUOTED)
                + "', with args beginning with: " + arguments);
    }

    private static String shorten(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length);
    }
}
