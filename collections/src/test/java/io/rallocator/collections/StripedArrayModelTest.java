package io.rallocator.collections;

/** Arrays over several blades are like the models: the same tests. */
class StripedArrayModelTest extends ArrayModelTest {
    @Override
    TestPool newPool() {
        return TestPool.ofBlades(3, 32);
    }
}
