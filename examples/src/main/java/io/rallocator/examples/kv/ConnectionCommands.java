package io.rallocator.examples.kv;

import io.netty.handler.codec.redis.RedisMessage;
import java.util.List;

/** Commands about the connection itself. */
final class ConnectionCommands {

    private static final int RESP2 = 2;

    void addTo(CommandTable table) {
        SubcommandTable client = new SubcommandTable("client")
                .add("id", 2, request -> Replies.integer(request.session().id()))
                .add("getname", 2, ConnectionCommands::name)
                .add("setname", 3, request -> rename(request, 2))
                .add("setinfo", 4, ConnectionCommands::setInfo);
        table.add("ping", -1, ConnectionCommands::ping)
                .add("echo", 2, request -> Replies.bulk(request.bytes(1)))
                .add("select", 2, ConnectionCommands::select)
                .add("quit", -1, ConnectionCommands::quit)
                .add("auth", -2, ConnectionCommands::authenticate)
                .add("hello", -1, ConnectionCommands::hello)
                .add("client", -2, client);
    }

    private static RedisMessage ping(Request request) {
        if (request.size() > 2) {
            throw CommandException.wrongArity(request.name());
        }
        return request.size() == 1 ? Replies.simple("PONG") : Replies.bulk(request.bytes(1));
    }

    private static RedisMessage select(Request request) {
        if (request.integer(1) != 0) {
            throw new CommandException("ERR DB index is out of range");
        }
        return Replies.OK;
    }

    private static RedisMessage quit(Request request) {
        request.session().closeAfterReply();
        return Replies.OK;
    }

    private static RedisMessage authenticate(Request request) {
        throw new CommandException("ERR AUTH <password> called without any password configured for the default user. "
                + "Are you sure your configuration is correct?");
    }

    private static RedisMessage name(Request request) {
        String name = request.session().name();
        return name.isEmpty() ? Replies.NIL : Replies.bulk(name);
    }

    private static RedisMessage rename(Request request, int index) {
        request.session().rename(request.text(index));
        return Replies.OK;
    }

    private static RedisMessage setInfo(Request request) {
        if (!request.is(2, "LIB-NAME") && !request.is(2, "LIB-VER")) {
            throw new CommandException("ERR Unrecognized option '" + request.text(2) + "'");
        }
        return Replies.OK;
    }

    private static RedisMessage hello(Request request) {
        if (request.size() > 1) {
            requireResp2(request);
        }
        int i = 2;
        while (i < request.size()) {
            if (request.is(i, "SETNAME") && i + 1 < request.size()) {
                rename(request, i + 1);
                i += 2;
            } else if (request.is(i, "AUTH") && i + 2 < request.size()) {
                return authenticate(request);
            } else {
                throw new CommandException("ERR Syntax error in HELLO option '" + request.text(i) + "'");
            }
        }
        return Replies.array(List.of(
                Replies.bulk("server"), Replies.bulk("rallocator-kv"),
                Replies.bulk("version"), Replies.bulk(ServerInfo.version()),
                Replies.bulk("proto"), Replies.integer(RESP2),
                Replies.bulk("id"), Replies.integer(request.session().id()),
                Replies.bulk("mode"), Replies.bulk("standalone"),
                Replies.bulk("role"), Replies.bulk("master"),
                Replies.bulk("modules"), Replies.EMPTY_ARRAY));
    }

    private static void requireResp2(Request request) {
        long version;
        try {
            version = request.integer(1);
        } catch (CommandException e) {
            throw new CommandException("ERR Protocol version is not an integer or out of range");
        }
        if (version != RESP2) {
            throw new CommandException("NOPROTO unsupported protocol version");
        }
    }
}
