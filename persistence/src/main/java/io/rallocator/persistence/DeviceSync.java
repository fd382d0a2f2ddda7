package io.rallocator.persistence;

import java.io.IOException;

/** Brings what was stored in a pool's mapping to the medium on which the file is. */
interface DeviceSync extends AutoCloseable {
    /**
     * Returns when everything that was stored before the call survives power loss.
     *
     * @throws IOException if the device says that it could not
     */
    void sync() throws IOException;

    @Override
    void close() throws IOException;
}
