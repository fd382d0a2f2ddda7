package io.rallocator.collections;

/** A map over several blades does what {@link java.util.concurrent.ConcurrentMap} promises: the same tests. */
class StripedMapContractTest extends MapContractTest {
    @Override
    TestPool newPool() {
        return TestPool.ofBlades(3, 32);
    }
}
