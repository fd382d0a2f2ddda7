package io.rallocator.collections;

import java.util.Collections;
import java.util.stream.Stream;
import junit.framework.Test;
import junit.framework.TestCase;
import junit.framework.TestSuite;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;

/** Hands the JUnit 3 suites that Guava's testlib generates to JUnit 5, one dynamic test for each generated test. */
final class GeneratedTests {
    private GeneratedTests() {}

    static DynamicNode of(final TestSuite suite) {
        return DynamicContainer.dynamicContainer(
                suite.getName(), Collections.list(suite.tests()).stream().map(GeneratedTests::node));
    }

    private static DynamicNode node(final Test test) {
        if (test instanceof TestSuite) {
            return of((TestSuite) test);
        }
        final TestCase testCase = (TestCase) test; // testlib makes no other kind
        return DynamicTest.dynamicTest(testCase.getName(), () -> run(testCase));
    }

    /** Surefire's report numbers dynamic tests: the failure itself says which one it is. */
    private static void run(final TestCase testCase) {
        try {
            testCase.runBare();
        } catch (final Throwable e) {
            throw new AssertionError(testCase.getName() + " failed: " + e, e);
        }
    }

    static Stream<DynamicNode> of(final Stream<TestSuite> suites) {
        return suites.map(GeneratedTests::of);
    }
}
