package io.rallocator.examples.cli;

import io.rallocator.allocator.rdma.RdmaBladeOptions;
import io.rallocator.allocator.tcp.TcpBladeOptions;
import io.rallocator.allocator.tcp.Tls;
import io.rallocator.allocator.tcp.Token;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Where a blade listens for workers of other hosts, and whom it lets in. */
final class ListenOptions {
    private static final String TCP = "tcp:";
    private static final String RDMA = "rdma:";

    @Option(
            names = "--listen",
            required = true,
            paramLabel = "ADDRESS",
            description = "Where workers reach the pool by TCP, such as tcp://127.0.0.1:7700, or by RDMA, such as"
                    + " rdma://10.0.0.1:7700.")
    private String address;

    @Option(
            names = "--token-file",
            paramLabel = "PATH",
            description = "Let in only who has the secret in this file; the address of the heap names it too.")
    private Path token;

    @Option(names = "--read-only-token-file", paramLabel = "PATH", description = "The same for workers that only read.")
    private Path readOnlyToken;

    @ArgGroup(exclusive = false)
    private Certificates certificates;

    @Option(
            names = "--lease-ms",
            paramLabel = "MS",
            defaultValue = "10000",
            description = "Declare a worker dead of whom nothing was heard for so long (default: ${DEFAULT-VALUE}).")
    private int leaseMs;

    @Option(
            names = "--allow-unauthenticated",
            description = "Let in anybody, also on an address that other hosts reach.")
    private boolean unauthenticated;

    /** PEM files. */
    private static final class Certificates {
        @Option(
                names = "--tls-certificate",
                required = true,
                paramLabel = "PATH",
                description = "Encrypt, and let in only who has a certificate: this blade's own, PEM.")
        private Path certificate;

        @Option(names = "--tls-key", required = true, paramLabel = "PATH", description = "Its key, PEM, PKCS#8.")
        private Path key;

        @Option(
                names = "--tls-trust",
                required = true,
                paramLabel = "PATH",
                description = "The certificates that sign the workers', PEM.")
        private Path trust;
    }

    /** What begins to serve once the pool is there. */
    interface Opener {
        ServedPool open(Path pool);
    }

    /**
     * Checks everything that can be checked before there is a pool.
     *
     * @throws IllegalArgumentException if an option is wrong, or anybody would be let in without a word
     */
    Opener opener() {
        if (address.startsWith(RDMA)) {
            final RdmaBladeOptions options = rdma();
            return pool -> ServedPool.rdma(pool, options);
        }
        final TcpBladeOptions options = tcp();
        return pool -> ServedPool.tcp(pool, options);
    }

    private RdmaBladeOptions rdma() {
        if (token != null || readOnlyToken != null || certificates != null) {
            throw new IllegalArgumentException("RDMA knows neither tokens nor certificates: leave them out");
        }
        final RdmaBladeOptions options = new RdmaBladeOptions(address.substring(RDMA.length())).leaseMs(leaseMs);
        if (unauthenticated) {
            options.allowUnauthenticated();
        }
        options.requireSafe();
        return options;
    }

    private TcpBladeOptions tcp() {
        if (!address.startsWith(TCP)) {
            throw new IllegalArgumentException(
                    "cannot listen on '" + address + "': write tcp://HOST:PORT, such as tcp://127.0.0.1:7700");
        }
        final TcpBladeOptions options = new TcpBladeOptions(address.substring(TCP.length()))
                .leaseMs(leaseMs)
                .tokens(
                        token == null ? null : Token.read(token),
                        readOnlyToken == null ? null : Token.read(readOnlyToken));
        if (certificates != null) {
            options.tls(new Tls(certificates.certificate, certificates.key, certificates.trust));
        }
        if (unauthenticated) {
            options.allowUnauthenticated();
        }
        options.requireSafe(); // before a pool is created
        return options;
    }
}
