package io.rallocator.collections;

import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.FabricProvider;
import io.rallocator.allocator.TimeModel;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.Superblock;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;

/** Where a heap is and how it is opened: {@code scheme:path?parameter=value&…}. */
final class HeapUri {
    static final String EMBEDDED = "embedded";
    static final String LOCAL = "local";

    private static final String SIZE = "size";
    private static final String SESSIONS = "sessions";
    private static final String LANES = "lanes";
    private static final String DURABILITY = "durability";
    private static final String CACHE = "cache";
    private static final String NAME = "name";
    private static final String JOIN = "join";
    private static final String HOST_MARK = "//";
    private static final char SEPARATOR = ',';
    private static final String COMPACT = "compact";
    private static final List<String> OF_EMBEDDED =
            Arrays.asList(SIZE, SESSIONS, LANES, DURABILITY, CACHE, NAME, JOIN, COMPACT);
    private static final List<String> OF_LOCAL = Arrays.asList(CACHE, NAME, JOIN, COMPACT);
    private static final String FORMS =
            "embedded:PATH?size=BYTES&sessions=N&lanes=N&durability=process|power&cache=BYTES&name=TEXT"
                    + ", local:PATH?cache=BYTES&name=TEXT, tcp://HOST:PORT?cache=BYTES&name=TEXT"
                    + " or rdma://HOST:PORT?cache=BYTES&name=TEXT; for a heap over several blades, their paths or HOST:PORTs with commas"
                    + " between them";

    private static final long DEFAULT_SIZE = 1L << 30;

    private final String uri;
    private final String scheme;
    private final boolean embedded;

    /** Of another fabric; null for {@code embedded} and {@code local}. */
    private final FabricProvider provider;

    private final String path;
    private final Path pool;
    private final List<HeapUri> blades;
    private final Map<String, String> parameters = new TreeMap<>();

    private HeapUri(final String uri) {
        this.uri = uri;
        final int colon = uri.indexOf(':');
        scheme = colon < 0 ? "" : uri.substring(0, colon);
        embedded = scheme.equals(EMBEDDED);
        provider = embedded || scheme.equals(LOCAL) ? null : provider(scheme);
        if (!embedded && !scheme.equals(LOCAL) && provider == null) {
            throw wrong(colon < 0 ? "it has no scheme" : noProvider(scheme));
        }
        final int question = uri.indexOf('?');
        path = uri.substring(colon + 1, question < 0 ? uri.length() : question);
        if (path.isEmpty()) {
            throw wrong("it has no path");
        }
        final boolean isList = path.indexOf(SEPARATOR) >= 0;
        try {
            pool = provider == null && !isList ? Path.of(path) : null;
        } catch (final InvalidPathException e) {
            throw wrong("it has no valid path, " + e.getReason(), e);
        }
        if (question >= 0 && question + 1 < uri.length()) {
            parseParameters(uri.substring(question + 1));
        }
        joins();
        compacts();
        blades = isList ? parseBlades(question < 0 ? "" : uri.substring(question)) : List.of(this);
        final int nameBytes = workerName().getBytes(StandardCharsets.UTF_8).length;
        if (nameBytes > SessionDescriptor.MAX_NAME_BYTES) {
            throw wrong("parameter 'name' has " + nameBytes + " bytes in UTF-8, at most "
                    + SessionDescriptor.MAX_NAME_BYTES + " fit");
        }
    }

    /**
     * Reads an address.
     *
     * @param uri as given by the user
     * @return its parts
     * @throws IllegalArgumentException if any part is wrong, saying which and what would be right
     */
    static HeapUri parse(final String uri) {
        return new HeapUri(uri);
    }

    private List<HeapUri> parseBlades(final String query) {
        final String mark = path.startsWith(HOST_MARK) ? HOST_MARK : "";
        final List<HeapUri> parsed = new ArrayList<>();
        final Set<String> seen = new HashSet<>();
        for (final String each : path.substring(mark.length()).split(String.valueOf(SEPARATOR), -1)) {
            if (each.isEmpty()) {
                throw wrong("there is nothing between two commas, or before the first or behind the last");
            }
            if (!seen.add(each)) {
                throw wrong(each + " is there twice");
            }
            parsed.add(new HeapUri(scheme + ":" + mark + each + query));
        }
        if (parsed.size() > Members.MOST_BLADES) {
            throw wrong("it has " + parsed.size() + " blades, a heap has at most " + Members.MOST_BLADES);
        }
        return List.copyOf(parsed);
    }

    private static FabricProvider provider(final String scheme) {
        return ServiceLoader.load(FabricProvider.class, HeapUri.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .filter(each -> each.scheme().equals(scheme))
                .findFirst()
                .orElse(null);
    }

    private static String noProvider(final String scheme) {
        return "there is no scheme '" + scheme + "'"
                + (scheme.equals("tcp") || scheme.equals("rdma")
                        ? " without rallocator-" + scheme + ", which is not on the class path"
                        : "");
    }

    private IllegalArgumentException wrong(final String what) {
        return wrong(what, null);
    }

    private IllegalArgumentException wrong(final String what, final Exception cause) {
        return new IllegalArgumentException(
                "cannot use the heap's address '" + uri + "': " + what + "; write " + FORMS, cause);
    }

    private void parseParameters(final String text) {
        final List<String> known = new ArrayList<>(embedded ? OF_EMBEDDED : OF_LOCAL);
        known.addAll(TimeModel.PARAMETERS);
        if (provider != null) {
            known.addAll(provider.parameters());
        }
        for (final String pair : text.split("&", -1)) {
            final int equals = pair.indexOf('=');
            final String name = equals < 0 ? pair : pair.substring(0, equals);
            if (!known.contains(name)) {
                throw wrong("there is no parameter '" + name + "' for " + scheme + ", known are "
                        + String.join(", ", known));
            }
            if (equals < 0 || equals + 1 == pair.length()) {
                throw wrong("parameter '" + name + "' has no value");
            }
            if (parameters.put(name, pair.substring(equals + 1)) != null) {
                throw wrong("parameter '" + name + "' is there twice");
            }
        }
    }

    private long bytes(final String name, final long fallback) {
        final String text = parameters.get(name);
        if (text == null) {
            return fallback;
        }
        final String lower = text.toLowerCase(Locale.ROOT);
        final int unit = "kmgt".indexOf(lower.charAt(lower.length() - 1));
        try {
            final long number = Long.parseLong(unit < 0 ? lower : lower.substring(0, lower.length() - 1));
            final int shift = 10 * (unit + 1);
            if (number < 0 || number > Long.MAX_VALUE >> shift) {
                throw new NumberFormatException(text);
            }
            return number << shift;
        } catch (final NumberFormatException e) {
            throw wrong(
                    "parameter '" + name + "' is '" + text
                            + "', which is no number of bytes such as 65536, 64k, 512m, 1g or 2t",
                    e);
        }
    }

    private int number(final String name, final int fallback) {
        final String text = parameters.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            return Integer.parseInt(text);
        } catch (final NumberFormatException e) {
            throw wrong("parameter '" + name + "' is '" + text + "', which is no number up to " + Integer.MAX_VALUE, e);
        }
    }

    /** An address of each blade that the list names; this one, if it names one only. */
    List<HeapUri> blades() {
        return blades;
    }

    /** Where this is, without parameters. */
    String place() {
        return scheme + ":" + path;
    }

    /** The same at another place. */
    HeapUri at(final String place) {
        final int question = uri.indexOf('?');
        return new HeapUri(place + (question < 0 ? "" : uri.substring(question)));
    }

    /** True if blades of the list may join the heap. */
    boolean joins() {
        return isTrue(JOIN, "false");
    }

    /** True if what is in sparse slabs shall be moved. */
    boolean compacts() {
        return isTrue(COMPACT, "true");
    }

    private boolean isTrue(final String parameter, final String unlessGiven) {
        final String text = parameters.getOrDefault(parameter, unlessGiven);
        if (!text.equals("true") && !text.equals("false")) {
            throw wrong("parameter '" + parameter + "' is '" + text + "', it must be true or false");
        }
        return text.equals("true");
    }

    @Override
    public String toString() {
        return uri;
    }

    /** True if this process shall serve the pool. */
    boolean isEmbedded() {
        return embedded;
    }

    /** True if another module brings the way to the pool. */
    boolean isRemote() {
        return provider != null;
    }

    /** The way to the pool, if {@link #isRemote()}. */
    Fabric connect() {
        final Map<String, String> own = new TreeMap<>(parameters);
        own.keySet().retainAll(provider.parameters());
        return provider.open(path, own);
    }

    /** How long chains shall take, or null if they take what they take. */
    TimeModel model() {
        try {
            return TimeModel.of(parameters);
        } catch (final IllegalArgumentException e) {
            throw wrong(e.getMessage(), e);
        }
    }

    /** The pool's file, unless {@link #isRemote()}. */
    Path pool() {
        return pool;
    }

    /** Name of the worker. */
    String workerName() {
        return parameters.getOrDefault(NAME, "worker-" + ProcessHandle.current().pid());
    }

    /**
     * Bytes for the cache of buckets, 0 for none.
     *
     * @return as given
     * @throws IllegalArgumentException if a cache cannot have so many
     */
    long cacheBytes() {
        final long bytes = bytes(CACHE, 0);
        if (bytes != 0 && (bytes < BucketCache.MIN_BYTES || bytes > BucketCache.MAX_BYTES)) {
            throw wrong("parameter 'cache' is " + bytes + " bytes, it must be 0 for none, or " + BucketCache.MIN_BYTES
                    + " … " + BucketCache.MAX_BYTES);
        }
        return bytes;
    }

    /**
     * The sizes of the pool if it is to be created.
     *
     * @return the geometry
     * @throws IllegalArgumentException if a size is outside its limits
     */
    PoolGeometry geometry() {
        final PoolGeometry usual = PoolGeometry.ofCapacity(bytes(SIZE, DEFAULT_SIZE));
        final int[] slabs = new int[usual.slabClasses()];
        for (int i = 0; i < slabs.length; i++) {
            slabs[i] = usual.slabBytes(i);
        }
        return PoolGeometry.of(
                usual.capacity(),
                slabs,
                usual.ringCapacity(),
                number(SESSIONS, usual.sessions()),
                number(LANES, usual.lanes()),
                usual.roots());
    }

    /**
     * What the pool's operations are to survive if it is to be created.
     *
     * @return PROCESS unless given
     * @throws IllegalArgumentException if there is no such level
     */
    Durability durability() {
        final String text = parameters.getOrDefault(DURABILITY, "process");
        return Arrays.stream(Durability.values())
                .filter(level -> level.name().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() -> wrong("there is no durability '" + text + "', known are process and power"));
    }

    /**
     * Makes sure that a pool which exists is as asked for.
     *
     * @param superblock of the pool
     * @throws IllegalArgumentException if a size or a durability was asked for and is another
     */
    void checkExisting(final Superblock superblock) {
        final PoolGeometry existing = superblock.geometry();
        requireSame(SIZE, bytes(SIZE, existing.capacity()), existing.capacity());
        requireSame(SESSIONS, number(SESSIONS, existing.sessions()), existing.sessions());
        requireSame(LANES, number(LANES, existing.lanes()), existing.lanes());
        if (parameters.containsKey(DURABILITY)) {
            requireSame(DURABILITY, lowerCase(durability()), lowerCase(superblock.durability()));
        }
    }

    private static String lowerCase(final Durability level) {
        return level.name().toLowerCase(Locale.ROOT);
    }

    private void requireSame(final String name, final Object asked, final Object existing) {
        if (!asked.equals(existing)) {
            throw new IllegalArgumentException("the pool " + pool + " exists with " + name + " " + existing
                    + ", asked for was " + asked + "; leave the parameter out, or choose another file");
        }
    }
}
