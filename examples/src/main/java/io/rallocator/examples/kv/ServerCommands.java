package io.rallocator.examples.kv;

import io.netty.handler.codec.redis.RedisMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Commands about the server. */
final class ServerCommands {

    private final ServerInfo info;
    private final ServerStats stats;
    private final Map<String, String> settings;

    ServerCommands(ServerInfo info, ServerStats stats, KvOptions options, ServerInfo.Facts facts) {
        this.info = info;
        this.stats = stats;
        this.settings = new TreeMap<>(Map.of(
                "save", "",
                "appendonly", "yes",
                "appendfsync", "always",
                "databases", "1",
                "maxclients", String.valueOf(options.maxConnections()),
                "maxmemory", String.valueOf(facts.poolBytes()),
                "maxmemory-policy", "noeviction",
                "proto-max-bulk-len", String.valueOf(options.maxValueBytes()),
                "timeout", "0"));
    }

    void addTo(CommandTable table) {
        SubcommandTable config = new SubcommandTable("config")
                .add("get", -3, this::getConfig)
                .add("set", -4, ServerCommands::setConfig)
                .add("resetstat", 2, this::resetStats);
        SubcommandTable command = new SubcommandTable("command")
                .add("count", 2, request -> Replies.integer(table.names().size()))
                .add("list", 2, request -> Replies.texts(table.names()))
                .add("docs", -2, request -> Replies.EMPTY_ARRAY)
                .add("info", -2, ServerCommands::commandInfo);
        table.add("info", -1, this::info)
                .add("config", -2, config)
                .add("command", -1, request -> request.size() == 1 ? Replies.EMPTY_ARRAY : command.handle(request));
    }

    private RedisMessage info(Request request) {
        List<String> sections = new ArrayList<>();
        for (int i = 1; i < request.size(); i++) {
            sections.add(request.text(i));
        }
        return Replies.bulk(info.report(sections));
    }

    private RedisMessage getConfig(Request request) {
        List<Glob> patterns = new ArrayList<>();
        for (int i = 2; i < request.size(); i++) {
            patterns.add(new Glob(ascii(request.text(i).toLowerCase(Locale.ROOT))));
        }
        List<String> found = new ArrayList<>();
        settings.forEach((name, value) -> {
            if (patterns.stream().anyMatch(pattern -> pattern.matches(ascii(name)))) {
                found.add(name);
                found.add(value);
            }
        });
        return Replies.texts(found);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static RedisMessage setConfig(Request request) {
        throw new CommandException("ERR CONFIG SET failed (possibly related to argument '" + request.text(2)
                + "') - can't set immutable config");
    }

    private RedisMessage resetStats(Request request) {
        stats.reset();
        return Replies.OK;
    }

    /** No client needs more than to hear that nothing is known about a command. */
    private static RedisMessage commandInfo(Request request) {
        List<RedisMessage> unknown = new ArrayList<>();
        for (int i = 2; i < request.size(); i++) {
            unknown.add(Replies.NIL_ARRAY);
        }
        return Replies.array(unknown);
    }
}
