package io.rallocator.allocator;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a chain would take on hardware that is not here: <b>modelled, never measured</b>. A chain takes
 *
 * <pre>
 *   round trip + wire bytes × 8 ÷ bandwidth + verbs that touch memory × memory latency + PERSISTs × persist latency
 * </pre>
 *
 * where the wire bytes are those read and written, and {@value #HEADER_BYTES} more for each verb. Not in the model: queues at
 * the blade's network adapter when many workers use it at once, loss, and the worker's own processor time.
 *
 * @param roundTripNs of an empty chain, nanoseconds
 * @param bitsPerSecond of the network; 0 for no limit
 * @param memoryNs of each verb but PERSIST at the blade's memory, nanoseconds
 * @param persistNs of a PERSIST, nanoseconds
 * @param virtual false to let each chain take that long; true to only count it, as
 *     {@link FabricCounters.Figure#MODELLED_NS}, so that workers by far more than processors can be modelled
 */
public record TimeModel(long roundTripNs, long bitsPerSecond, long memoryNs, long persistNs, boolean virtual) {
    /** What a verb is taken to need on the wire beside its data: as InfiniBand's headers, roughly. */
    public static final int HEADER_BYTES = 32;

    private static final String ROUND_TRIP = "model-rtt";
    private static final String BANDWIDTH = "model-bandwidth";
    private static final String MEMORY = "model-nvm";
    private static final String PERSIST = "model-persist";
    private static final String TIME = "model-time";

    /** Names of the parameters of {@link #of}. */
    public static final List<String> PARAMETERS = List.of(ROUND_TRIP, BANDWIDTH, MEMORY, PERSIST, TIME);

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ns|us|ms)");
    private static final Pattern RATE = Pattern.compile("(\\d{1,9})(kbit|mbit|gbit)");
    private static final double NS_PER_SECOND = 1e9;

    /**
     * Checks the figures.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public TimeModel {
        if (roundTripNs < 0 || bitsPerSecond < 0 || memoryNs < 0 || persistNs < 0) {
            throw new IllegalArgumentException("a time model has no negative figures: " + roundTripNs + " ns, "
                    + bitsPerSecond + " bit/s, " + memoryNs + " ns, " + persistNs + " ns");
        }
    }

    /**
     * A model from parameters of an address.
     *
     * @param parameters may have {@link #PARAMETERS}: {@code model-rtt=2us}, {@code model-bandwidth=100gbit},
     *     {@code model-nvm=300ns}, {@code model-persist=1us}, {@code model-time=real} (the default) or {@code virtual}
     * @return the model, or null if it has none of them
     * @throws IllegalArgumentException if one is wrong
     */
    public static TimeModel of(final Map<String, String> parameters) {
        Objects.requireNonNull(parameters, "the parameters are null");
        if (PARAMETERS.stream().noneMatch(parameters::containsKey)) {
            return null;
        }
        final String time = parameters.getOrDefault(TIME, "real");
        if (!time.equals("real") && !time.equals("virtual")) {
            throw new IllegalArgumentException(
                    "parameter '" + TIME + "' is '" + time + "', known are real and virtual");
        }
        return new TimeModel(
                ns(ROUND_TRIP, parameters),
                rate(parameters),
                ns(MEMORY, parameters),
                ns(PERSIST, parameters),
                time.equals("virtual"));
    }

    private static long ns(final String name, final Map<String, String> parameters) {
        final String text = parameters.getOrDefault(name, "0ns");
        final Matcher matcher = DURATION.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "parameter '" + name + "' is '" + text + "', which is no time such as 500ns, 2us or 1ms");
        }
        final long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ns" -> number;
            case "us" -> number * 1_000;
            default -> number * 1_000_000;
        };
    }

    private static long rate(final Map<String, String> parameters) {
        final String text = parameters.get(BANDWIDTH);
        if (text == null) {
            return 0;
        }
        final Matcher matcher = RATE.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches() || Long.parseLong(matcher.group(1)) == 0) {
            throw new IllegalArgumentException(
                    "parameter '" + BANDWIDTH + "' is '" + text + "', which is no rate such as 100gbit or 800mbit");
        }
        final long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "kbit" -> number * 1_000;
            case "mbit" -> number * 1_000_000;
            default -> number * 1_000_000_000;
        };
    }

    /**
     * How long a chain takes.
     *
     * @param chain with its verbs
     * @return nanoseconds
     */
    public long costNs(final Chain chain) {
        long bytes = 0;
        long ns = roundTripNs;
        final int count = chain.count();
        for (int verb = 0; verb < count; verb++) {
            bytes += HEADER_BYTES + chain.length(verb);
            ns += chain.kind(verb) == Chain.PERSIST ? persistNs : memoryNs;
        }
        return bitsPerSecond == 0 ? ns : ns + Math.round(bytes * Byte.SIZE * (NS_PER_SECOND / bitsPerSecond));
    }
}
