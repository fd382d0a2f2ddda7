package io.rallocator.examples.kv;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.rallocator.persistence.RallocatorException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kv}: serves a pool as a key-value store until it gets SIGTERM or SIGINT. */
@Command(
        name = "kv",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Serves a pool as a key-value store that speaks the Redis protocol.",
        footer = {
            "",
            "Examples:",
            "  kv --pool /mnt/pmem/pool --size 1g",
            "  redis-cli SET greeting hello",
            "",
            "Several servers on one pool, each of them on any host:",
            "  blade --pool /mnt/pmem/pool --size 1g --listen tcp://0.0.0.0:7700 --token-file secret",
            "  kv --connect 'tcp://blade-host:7700?token-file=secret'"
        })
public final class KvCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Memory memory;

    /** Where the data is: exactly one of the two. */
    private static final class Memory {

        @Option(
                names = "--pool",
                paramLabel = "PATH",
                description = "The pool's file, served from this process; it is created if there is none.")
        private Path pool;

        @Option(
                names = "--connect",
                paramLabel = "ADDRESS",
                description = "A pool that a blade serves, such as tcp://host:7700 or local:/mnt/pmem/pool, as in"
                        + " RemoteHeap.open; other servers may use it at the same time.")
        private String connect;
    }

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            description = "The size of a new pool, such as 512m or 4g (default: 1g); a pool that exists has its size.")
    private String size;

    @Option(
            names = "--durability",
            paramLabel = "LEVEL",
            description =
                    "What acknowledged writes to a new pool survive: process (the death of any process; the default)"
                            + " or power (the loss of power too; needs a disk).")
    private String durability;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "6379",
            description = "Where to listen, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--bind",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "The address to listen on (default: ${DEFAULT-VALUE}). There is no password.")
    private String bind;

    @Option(names = "--json", description = "Print the ready line as a JSON object.")
    private boolean json;

    /** Made by picocli. */
    public KvCommand() {}

    /**
     * Runs the server until the process is told to end.
     *
     * @return 0 after a clean end
     * @throws InterruptedException if the thread is interrupted
     * @throws RallocatorException if the pool cannot be opened, or the address is in use
     * @throws IllegalArgumentException if an option makes no sense
     */
    @Override
    public Integer call() throws InterruptedException {
        KvServer server = start();
        Runtime.getRuntime().addShutdownHook(new Thread(server::close, "kv-shutdown"));
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? jsonLine(server) : plainLine(server));
        out.flush();
        server.awaitClose();
        return 0;
    }

    private KvServer start() {
        try {
            return KvServer.start(
                    KvOptions.builder().pool(address()).bind(bind, port).build());
        } catch (BindException e) {
            throw new RallocatorException(RallocatorException.Category.BUSY, e.getMessage(), e);
        } catch (IOException e) {
            throw new RallocatorException(
                    RallocatorException.Category.UNAVAILABLE, "cannot start the server: " + e.getMessage(), e);
        }
    }

    private String address() {
        if (memory.connect != null) {
            if (size != null || durability != null) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--size and --durability are of a new pool, which --connect does not make; leave them out");
            }
            return memory.connect;
        }
        final List<String> parameters = new ArrayList<>();
        if (size != null) {
            parameters.add("size=" + size);
        }
        if (durability != null) {
            parameters.add("durability=" + durability);
        }
        return "embedded:" + memory.pool + (parameters.isEmpty() ? "" : "?" + String.join("&", parameters));
    }

    private String place() {
        return memory.connect == null ? memory.pool.toString() : memory.connect;
    }

    private String plainLine(KvServer server) {
        return "ready on " + server.host() + ":" + server.port() + ", pool " + place() + ", " + server.keyCount()
                + " keys";
    }

    private String jsonLine(KvServer server) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("status", "ready");
        fields.put("host", server.host());
        fields.put("port", server.port());
        fields.put("pool", place());
        fields.put("keys", server.keyCount());
        fields.put("pid", ProcessHandle.current().pid());
        try {
            return new ObjectMapper().writeValueAsString(fields);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of texts and numbers must have a JSON form", e);
        }
    }
}
