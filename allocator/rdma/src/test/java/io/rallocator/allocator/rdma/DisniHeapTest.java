package io.rallocator.allocator.rdma;

import io.rallocator.persistence.NvmRegion.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;

/** Collections over {@code rdma://} on a real device: see {@link RealDevice}. */
@RealDevice
class DisniHeapTest {
    @Nested
    class AtProcess extends Disni {
        AtProcess() {
            super(Durability.PROCESS);
        }
    }

    @Nested
    class AtPower extends Disni {
        AtPower() {
            super(Durability.POWER);
        }

        /** Memory does not do, and of disks the kernel must let a device write to their files, as Linux 6.1 does. */
        @Override
        Path folder() throws IOException {
            return Files.createTempDirectory(Path.of(RealDevice.DISK), "power");
        }
    }

    abstract static class Disni extends RdmaHeapContract {
        private final Transport transport = new DisniTransport();

        Disni(final Durability durability) {
            super(durability, "rdma");
        }

        @Override
        Transport transport() {
            return transport;
        }

        @Override
        String host() {
            return RealDevice.HOST;
        }
    }
}
