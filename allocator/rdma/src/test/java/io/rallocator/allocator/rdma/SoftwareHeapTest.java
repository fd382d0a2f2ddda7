package io.rallocator.allocator.rdma;

import io.rallocator.persistence.NvmRegion.Durability;
import org.junit.jupiter.api.Nested;

/** Collections over {@code rdma://} on a device in software. */
class SoftwareHeapTest {
    @Nested
    class AtProcess extends Software {
        AtProcess() {
            super(Durability.PROCESS);
        }
    }

    @Nested
    class AtPower extends Software {
        AtPower() {
            super(Durability.POWER);
        }
    }

    abstract static class Software extends RdmaHeapContract {
        Software(final Durability durability) {
            super(durability, "softrdma");
        }

        @Override
        Transport transport() {
            return SoftwareFabricProvider.NIC;
        }

        @Override
        String host() {
            return "127.0.0.1";
        }
    }
}
