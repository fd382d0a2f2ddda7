package io.rallocator.allocator.rdma;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips tests where there is no libdisni, saying so. The device has the address in the system property {@code rallocator.rdmaHost},, and
 * {@code rallocator.rdmaDisk} is a folder on a disk: unless set, those of the virtual machine of {@code soft-roce.sh}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RealDevice.HasLibrary.class)
@interface RealDevice {
    String HOST = System.getProperty("rallocator.rdmaHost", "10.77.0.1");

    String DISK = System.getProperty("rallocator.rdmaDisk", "/disk");

    final class HasLibrary implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(final ExtensionContext context) {
            return DisniLibrary.isThere()
                    ? ConditionEvaluationResult.enabled("libdisni is there")
                    : ConditionEvaluationResult.disabled("skipped: " + DisniLibrary.MISSING);
        }
    }
}
