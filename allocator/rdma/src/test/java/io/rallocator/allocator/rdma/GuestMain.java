package io.rallocator.allocator.rdma;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Runs test classes where there is no Maven: inside the virtual machine of {@code soft-roce.sh}. A skipped test fails the run. */
final class GuestMain {
    private GuestMain() {}

    public static void main(final String[] classes) throws ClassNotFoundException {
        final LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request();
        for (final String each : classes) {
            request.selectors(selectClass(Class.forName(each)));
        }
        final SummaryGeneratingListener summary = new SummaryGeneratingListener();
        final Launcher launcher = LauncherFactory.create();
        launcher.execute(request.build(), summary, new Progress());
        summary.getSummary().printFailuresTo(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        final long found = summary.getSummary().getTestsFoundCount();
        final long passed = summary.getSummary().getTestsSucceededCount();
        System.out.println("guest: " + passed + " of " + found + " tests of " + Arrays.toString(classes) + " passed");
        System.exit(found > 0 && passed == found ? 0 : 1);
    }

    private static final class Progress implements TestExecutionListener {
        @Override
        public void executionFinished(final TestIdentifier test, final TestExecutionResult result) {
            if (test.isTest()) {
                System.out.println("guest: " + result.getStatus() + " " + test.getDisplayName());
            }
        }

        @Override
        public void executionSkipped(final TestIdentifier test, final String reason) {
            System.out.println("guest: SKIPPED " + test.getDisplayName() + ": " + reason);
        }
    }
}
