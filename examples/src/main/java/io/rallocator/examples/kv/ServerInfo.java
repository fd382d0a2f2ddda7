package io.rallocator.examples.kv;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** What INFO reports: only figures that are known. */
final class ServerInfo {

    /** The Redis version whose commands and messages this server follows. */
    private static final String REDIS_VERSION = "7.0.0";

    private static final Set<String> ALL = Set.of("all", "everything", "default");

    private final Map<String, Consumer<Lines>> sections = new LinkedHashMap<>();
    private final long startNs = System.nanoTime();
    private final ServerStats stats;
    private final Keyspace keys;
    private final KvOptions options;
    private final Facts facts;

    /**
     * What is known only once the server listens, or changes outside the statistics.
     */
    interface Facts {

        int port();

        String transport();

        int structures();

        long poolBytes();

        /** Whether the way to the blade was lost and has not been found again. */
        boolean isAway();
    }

    ServerInfo(ServerStats stats, Keyspace keys, KvOptions options, Facts facts) {
        this.stats = stats;
        this.keys = keys;
        this.options = options;
        this.facts = facts;
        sections.put("Server", this::server);
        sections.put("Clients", this::clients);
        sections.put("Memory", this::memory);
        sections.put("Persistence", this::persistence);
        sections.put("Stats", this::stats);
        sections.put("Replication", lines -> lines.add("role", "master").add("connected_slaves", 0));
        sections.put("Keyspace", this::keyspace);
    }

    /** The version of this server's jar. */
    static String version() {
        String version = ServerInfo.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** The text of these sections; of all if none is named. */
    String report(List<String> wanted) {
        List<String> names = new ArrayList<>();
        wanted.forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
        boolean all = names.isEmpty() || names.stream().anyMatch(ALL::contains);
        StringBuilder report = new StringBuilder();
        sections.forEach((name, section) -> {
            if (all || names.contains(name.toLowerCase(Locale.ROOT))) {
                report.append(report.length() == 0 ? "" : "\r\n")
                        .append("# ")
                        .append(name)
                        .append("\r\n");
                section.accept(new Lines(report));
            }
        });
        return report.toString();
    }

    private void server(Lines lines) {
        long uptimeS = (System.nanoTime() - startNs) / 1_000_000_000;
        lines.add("redis_version", REDIS_VERSION)
                .add("redis_mode", "standalone")
                .add("rallocator_version", version())
                .add("os", System.getProperty("os.name") + " " + System.getProperty("os.version"))
                .add("java_version", System.getProperty("java.version"))
                .add("multiplexing_api", facts.transport())
                .add("io_threads", options.ioThreads())
                .add("process_id", ProcessHandle.current().pid())
                .add("tcp_port", facts.port())
                .add("uptime_in_seconds", uptimeS)
                .add("uptime_in_days", uptimeS / 86_400);
    }

    private void clients(Lines lines) {
        lines.add("connected_clients", stats.connectedClients.get()).add("maxclients", options.maxConnections());
    }

    private void memory(Lines lines) {
        Runtime runtime = Runtime.getRuntime();
        lines.add("used_memory", runtime.totalMemory() - runtime.freeMemory())
                .add("used_memory_scope", "java_heap_of_the_server_without_the_pool")
                .add("java_heap_max", runtime.maxMemory())
                .add("maxmemory", facts.poolBytes())
                .add("maxmemory_scope", "capacity_of_the_pool")
                .add("maxmemory_policy", "noeviction");
    }

    private void persistence(Lines lines) {
        boolean away = facts.isAway();
        lines.add("loading", away ? 1 : 0).add("pool", options.pool());
        if (!away) {
            lines.add("pool_structures", facts.structures());
        }
    }

    private void stats(Lines lines) {
        lines.add("total_connections_received", stats.connectionsReceived.sum())
                .add("rejected_connections", stats.connectionsRejected.sum())
                .add("total_commands_processed", stats.commandsProcessed.sum())
                .add("total_error_replies", stats.errorReplies.sum())
                .add("expired_keys", stats.expiredKeys.sum())
                .add("keyspace_hits", stats.keyspaceHits.sum())
                .add("keyspace_misses", stats.keyspaceMisses.sum());
    }

    private void keyspace(Lines lines) {
        long size = facts.isAway() ? 0 : keys.size();
        if (size > 0) {
            lines.add("db0", "keys=" + size);
        }
    }

    /** Collects {@code name:value} lines. */
    private static final class Lines {

        private final StringBuilder text;

        Lines(StringBuilder text) {
            this.text = text;
        }

        Lines add(String name, Object value) {
            text.append(name).append(':').append(value).append("\r\n");
            return this;
        }
    }
}
