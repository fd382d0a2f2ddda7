package io.rallocator.allocator.tcp;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** How a worker reaches a blade: the parameters of an address. */
final class TcpOptions {
    private static final String TOKEN = "token-file";
    private static final String CERTIFICATE = "tls-certificate";
    private static final String KEY = "tls-key";
    private static final String TRUST = "tls-trust";
    private static final String ROLE = "role";
    private static final String TIMEOUT = "timeout-ms";

    static final List<String> NAMES = List.of(TOKEN, CERTIFICATE, KEY, TRUST, ROLE, TIMEOUT);

    private static final int DEFAULT_TIMEOUT_MS = 30_000;

    final Token token;
    final Tls tls;
    final Role role;
    final int timeoutMs;

    TcpOptions(final Map<String, String> parameters) {
        token = parameters.containsKey(TOKEN) ? Token.read(Path.of(parameters.get(TOKEN))) : null;
        tls = tls(parameters);
        role = Role.parse(parameters.getOrDefault(ROLE, Role.READ_WRITE.toString()));
        timeoutMs = timeoutMs(parameters.get(TIMEOUT));
    }

    private static Tls tls(final Map<String, String> parameters) {
        final String certificate = parameters.get(CERTIFICATE);
        final String key = parameters.get(KEY);
        final String trust = parameters.get(TRUST);
        if (certificate == null && key == null && trust == null) {
            return null;
        }
        if (certificate == null || key == null || trust == null) {
            throw new IllegalArgumentException(
                    "TLS needs all of " + CERTIFICATE + ", " + KEY + " and " + TRUST + " in the heap's address");
        }
        return new Tls(Path.of(certificate), Path.of(key), Path.of(trust));
    }

    private static int timeoutMs(final String text) {
        try {
            final int timeoutMs = text == null ? DEFAULT_TIMEOUT_MS : Integer.parseInt(text);
            if (timeoutMs > 0) {
                return timeoutMs;
            }
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException(TIMEOUT + " is '" + text + "', which is no number of milliseconds", e);
        }
        throw new IllegalArgumentException(TIMEOUT + " is '" + text + "'; it must be more than 0");
    }
}
