package io.rallocator.allocator.rdma;

import java.io.IOException;
import java.nio.file.Path;

/** A blade in a process of its own: says its address, and serves until it is killed. */
final class KillBlade {
    private KillBlade() {}

    public static void main(final String[] arguments) throws IOException {
        try (RdmaBlade blade =
                RdmaBlade.open(Path.of(arguments[0]), new RdmaBladeOptions(arguments[1]).allowUnauthenticated())) {
            System.out.println(blade.address());
            while (System.in.read() >= 0) {
                // nobody writes: this waits for the end of the test's process, should that die first
            }
        }
    }
}
