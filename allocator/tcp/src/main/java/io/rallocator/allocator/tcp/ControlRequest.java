package io.rallocator.allocator.tcp;

import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** A request of the connection itself, such as a greeting: keeps the whole reply. */
final class ControlRequest extends Request {
    final ExpandableArrayBuffer reply = new ExpandableArrayBuffer(GreetingFrame.WELCOME_BYTES);

    ControlRequest() {
        super(0);
    }

    @Override
    void onReply(final UnsafeBuffer received) {
        reply.putBytes(0, received, 0, received.capacity());
    }
}
