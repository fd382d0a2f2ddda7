package io.rallocator.examples.kv;

/**
 * A command was refused: its message is the error reply, code word first. It has no stack trace, as it is an answer
 * to the client and not a fault of the server.
 */
final class CommandException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CommandException(String reply) {
        super(reply, null, false, false);
    }

    static CommandException wrongType() {
        return new CommandException("WRONGTYPE Operation against a key holding the wrong kind of value");
    }

    static CommandException syntax() {
        return new CommandException("ERR syntax error");
    }

    static CommandException notAnInteger() {
        return new CommandException("ERR value is not an integer or out of range");
    }

    static CommandException wrongArity(String command) {
        return new CommandException("ERR wrong number of arguments for '" + command + "' command");
    }

    static CommandException invalidExpiry(String command) {
        return new CommandException("ERR invalid expire time in '" + command + "' command");
    }
}
