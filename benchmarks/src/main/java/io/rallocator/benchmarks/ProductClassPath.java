package io.rallocator.benchmarks;

import java.io.File;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * This program's class path without what peers brought along that our own libraries would load if it were there: an
 * application that uses no peer starts without it.
 */
final class ProductClassPath {
    private static final List<String> PEERS = List.of("jnr-", "jffi-", "jna-", "affinity-", "asm-");

    private ProductClassPath() {}

    static String get() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> PEERS.stream().noneMatch(new File(entry).getName()::startsWith))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
