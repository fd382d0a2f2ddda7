package io.rallocator.examples.cli;

import io.rallocator.persistence.PoolUnavailableException;
import java.io.IOException;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes the network fail, that of a Linux network namespace which has nothing but its loopback device: cuts it, so that no packet
 * passes and nobody is told, or lets a token bucket with a short queue delay packets and drop others. TCP sees what it would see on a bad
 * network between hosts.
 */
final class NetworkTrouble {
    private static final String DEVICE = "lo";
    private static final int SHORT_CUT_MS = 400;
    private static final int LONGEST_BEYOND_LEASE_MS = 800;
    private static final int LOSSY_MS = 1_500;
    private static final Pattern DROPPED = Pattern.compile("dropped (\\d+)");

    private final Random random;
    private final int leaseMs;
    private long cuts;
    private long cutsBeyondLease;
    private long lossy;
    private long dropped;

    /**
     * Takes the device up.
     *
     * @throws IllegalArgumentException if this process is not in a namespace of its own
     */
    NetworkTrouble(final Random random, final int leaseMs) throws IOException, InterruptedException {
        run("ip", "link", "set", DEVICE, "up"); // harmless wherever we are
        final List<String> devices = NetworkInterface.networkInterfaces()
                .map(NetworkInterface::getName)
                .toList();
        if (!devices.stream().allMatch(DEVICE::equals)) {
            throw new IllegalArgumentException("this would cut the network of everything here, which has the devices "
                    + String.join(", ", devices) + "; run it in a network namespace of its own, as in"
                    + " 'unshare -rn bin/rallocator crash-test --fabric tcp --what network'");
        }
        this.random = random;
        this.leaseMs = leaseMs;
    }

    /** One failure from its beginning to its end. */
    void happen() throws IOException, InterruptedException {
        switch (random.nextInt(3)) {
            case 0 -> {
                cut(1 + random.nextInt(SHORT_CUT_MS));
                cuts++;
            }
            case 1 -> {
                cut(leaseMs + 1 + random.nextInt(LONGEST_BEYOND_LEASE_MS));
                cutsBeyondLease++;
            }
            default -> loseSome();
        }
    }

    private void cut(final int ms) throws IOException, InterruptedException {
        run("ip", "link", "set", DEVICE, "down");
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(ms));
        run("ip", "link", "set", DEVICE, "up");
    }

    /** 1 to 8 Mbit/s, and of what waits for longer than some milliseconds the rest is dropped. */
    private void loseSome() throws IOException, InterruptedException {
        final String rate = 1 + random.nextInt(8) + "mbit";
        run("tc", "qdisc", "add", "dev", DEVICE, "root", "tbf", "rate", rate, "burst", "70kb", "limit", "4kb");
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1 + random.nextInt(LOSSY_MS)));
        final Matcher statistics = DROPPED.matcher(run("tc", "-s", "qdisc", "show", "dev", DEVICE));
        dropped += statistics.find() ? Long.parseLong(statistics.group(1)) : 0;
        run("tc", "qdisc", "del", "dev", DEVICE, "root");
        lossy++;
    }

    /** Cuts that were shorter than the blade's lease. */
    long cuts() {
        return cuts;
    }

    /** Cuts after which the blade had declared every worker dead. */
    long cutsBeyondLease() {
        return cutsBeyondLease;
    }

    /** Times of few packets. */
    long lossy() {
        return lossy;
    }

    /** Packets that were dropped in them. */
    long dropped() {
        return dropped;
    }

    private static String run(final String... command) throws IOException, InterruptedException {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new PoolUnavailableException("'" + String.join(" ", command) + "' failed: " + output.strip());
        }
        return output;
    }
}
