package io.rallocator.collections;

/** What is used after the heap of several blades was closed: the same tests. */
class StripedUseAfterCloseTest extends UseAfterCloseTest {
    @Override
    TestPool newPool() {
        return TestPool.ofBlades(3, 16);
    }
}
