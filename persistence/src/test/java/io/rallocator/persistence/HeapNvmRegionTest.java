package io.rallocator.persistence;

/** The region that other tests stand on keeps the contract too. */
class HeapNvmRegionTest extends SharedNvmRegionContract {
    private final HeapNvmRegion first = new HeapNvmRegion(CAPACITY);

    @Override
    protected NvmRegion open() {
        return first.share();
    }
}
