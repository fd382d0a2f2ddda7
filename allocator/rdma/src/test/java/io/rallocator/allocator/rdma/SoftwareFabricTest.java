package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.NvmRegion.Durability;
import org.junit.jupiter.api.Nested;

/** The {@code rdma} fabric on a device in software, on any machine. */
class SoftwareFabricTest {
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

    abstract static class Software extends RdmaContract {
        private final SoftwareNic nic = new SoftwareNic();

        Software(final Durability durability) {
            super(durability);
        }

        @Override
        Transport transport() {
            return nic;
        }

        @Override
        String host() {
            return "127.0.0.1";
        }

        @Override
        protected void stop() throws Exception {
            super.stop();
            assertThat(nic.registrations()).as("what is still registered").isZero();
        }
    }
}
