package io.rallocator.examples.kv;

import picocli.CommandLine;

/** Runs {@link KvCommand} in a JVM of its own, without the rest of the command line. */
final class KvMain {

    private KvMain() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new KvCommand()).execute(arguments));
    }
}
