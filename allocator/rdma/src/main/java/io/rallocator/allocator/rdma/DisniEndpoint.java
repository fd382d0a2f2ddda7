package io.rallocator.allocator.rdma;

import com.ibm.disni.verbs.impl.NativeDispatcher;
import java.io.IOException;
import org.agrona.CloseHelper;

/** A connection through DiSNI's native calls, without its objects: nothing is allocated for a chain. */
final class DisniEndpoint implements Transport.Endpoint {
    private static final int RELIABLE_CONNECTION = 2;
    private static final int SPARE_COMPLETIONS = 16;

    private final NativeDispatcher calls;
    private final long id;
    private final DisniDomain domain;
    private final AutoCloseable owned;
    private final long completionChannel;
    private final long completions;
    private final long queuePair;
    private boolean closed;

    /**
     * Makes the queue pair of a connection that is about to be.
     *
     * @param owned closed at the end
     */
    DisniEndpoint(
            final NativeDispatcher calls,
            final long id,
            final long context,
            final DisniDomain domain,
            final AutoCloseable owned)
            throws IOException {
        this.calls = calls;
        this.id = id;
        this.domain = domain;
        this.owned = owned;
        completionChannel = calls._createCompChannel(context);
        // Each request of a broken connection leaves a completion, signaled or not.
        completions = calls._createCQ(context, completionChannel, MAX_REQUESTS + SPARE_COMPLETIONS, 0);
        queuePair =
                calls._createQP(id, domain.handle(), completions, completions, RELIABLE_CONNECTION, MAX_REQUESTS, 1, 0);
    }

    @Override
    public MemoryKey register(final long address, final int length, final int access) throws IOException {
        return domain.register(address, length, access);
    }

    @Override
    public void deregister(final MemoryKey key) throws IOException {
        domain.deregister(key);
    }

    @Override
    public void post(final long address) throws IOException {
        calls._postSend(queuePair, address);
    }

    @Override
    public int poll(final long address, final int room) throws IOException {
        return calls._pollCQ(completions, room, address);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        calls._disconnect(id); // fails if the other side was faster
        calls._destroyQP(id);
        calls._destroyCQ(completions);
        calls._destroyCompChannel(completionChannel);
        calls._destroyCmId(id);
        CloseHelper.close(owned);
    }
}
