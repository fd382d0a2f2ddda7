package io.rallocator.allocator.rdma;

import io.rallocator.persistence.NvmRegion.Durability;
import org.junit.jupiter.api.Nested;

/** The {@code rdma} fabric on a real device: see {@link RealDevice}. */
@RealDevice
class DisniFabricTest {
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
    }

    abstract static class Disni extends RdmaContract {
        private final Transport transport = new DisniTransport();

        Disni(final Durability durability) {
            super(durability);
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
