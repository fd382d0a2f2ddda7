package io.rallocator.allocator.rdma;

import com.ibm.disni.verbs.impl.NativeDispatcher;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** A protection domain: memory and queue pairs of one domain go together. */
final class DisniDomain implements Transport.Domain, AutoCloseable {
    private final NativeDispatcher calls;
    private final long handle;
    private boolean closed;

    DisniDomain(final NativeDispatcher calls, final long context) throws IOException {
        this.calls = calls;
        handle = calls._allocPd(context);
    }

    long handle() {
        return handle;
    }

    @Override
    public MemoryKey register(final long address, final int length, final int access) throws IOException {
        final UnsafeBuffer keys = new UnsafeBuffer(ByteBuffer.allocateDirect(3 * Integer.BYTES));
        final long at = keys.addressOffset();
        final long memory =
                calls._regMr(handle, address, length, access, at, at + Integer.BYTES, at + 2 * Integer.BYTES);
        return new MemoryKey(memory, keys.getInt(0), keys.getInt(Integer.BYTES));
    }

    @Override
    public void deregister(final MemoryKey key) throws IOException {
        calls._deregMr(key.handle());
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            calls._deallocPd(handle);
        }
    }
}
