package io.rallocator.collections;

/** An array over several blades does what {@link java.util.List} promises: the same tests. */
class StripedArrayContractTest extends ArrayContractTest {
    @Override
    TestPool newPool() {
        return TestPool.ofBlades(3, 32);
    }
}
