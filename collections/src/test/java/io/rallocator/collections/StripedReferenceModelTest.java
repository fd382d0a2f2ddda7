package io.rallocator.collections;

/** Structures over several blades are like the models: the same tests. */
class StripedReferenceModelTest extends ReferenceModelTest {
    @Override
    TestPool newPool() {
        return TestPool.ofBlades(3, 32);
    }
}
