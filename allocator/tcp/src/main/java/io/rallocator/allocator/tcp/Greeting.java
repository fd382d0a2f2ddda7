package io.rallocator.allocator.tcp;

import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.PoolVersionException;
import io.rallocator.persistence.Superblock;
import org.agrona.concurrent.UnsafeBuffer;

/** How a worker is admitted: two requests, see {@link GreetingFrame}. */
final class Greeting {
    private static final byte[] NO_PROOF = new byte[GreetingFrame.NONCE_BYTES];

    private final String name;
    private final TcpConnection connection;
    private final ControlRequest control;

    Greeting(final String name, final TcpConnection connection, final ControlRequest control) {
        this.name = name;
        this.connection = connection;
        this.control = control;
    }

    /** Returns the superblock of the blade's pool. */
    Superblock exchange(final TcpOptions options) {
        final byte[] nonce = Token.nonce();
        GreetingFrame.hello(control.frame, options.role, nonce);
        final UnsafeBuffer challenge = call(connection, control);
        require(GreetingFrame.isWhole(challenge, Frame.CHALLENGE), "it does not answer as a blade");
        if (GreetingFrame.version(challenge) != Frame.VERSION) {
            throw new PoolVersionException(name + " speaks version " + GreetingFrame.version(challenge)
                    + " of the wire format, this library " + Frame.VERSION + "; use the blade's version of RAllocator");
        }
        require(
                !GreetingFrame.needsToken(challenge) || options.token != null,
                "it lets in who has its token: name its file by token-file=PATH in the heap's address");
        final byte[] bladeNonce = GreetingFrame.nonce(challenge);
        final boolean proves = options.token != null;
        GreetingFrame.proof(
                control.frame, proves ? options.token.proofOfWorker(nonce, bladeNonce, options.role) : NO_PROOF);
        final UnsafeBuffer welcome = call(connection, control);
        require(GreetingFrame.isWhole(welcome, Frame.WELCOME), "it does not answer as a blade");
        require(
                !proves || Token.isSame(GreetingFrame.proof(welcome), options.token.proofOfBlade(nonce, bladeNonce)),
                "it does not have the token: this is not the blade that was meant");
        final UnsafeBuffer superblock = new UnsafeBuffer(new byte[GreetingFrame.SUPERBLOCK_BYTES]);
        GreetingFrame.superblock(welcome, superblock);
        return Superblock.verified(name, superblock);
    }

    private void require(final boolean condition, final String otherwise) {
        if (!condition) {
            throw new PoolUnavailableException("cannot use " + name + ": " + otherwise);
        }
    }

    /** Sends the control request; the reply is valid until the next. */
    static UnsafeBuffer call(final TcpConnection connection, final ControlRequest control) {
        connection.call(control);
        if (control.failure() != null) {
            throw new PoolUnavailableException(control.failure());
        }
        return new UnsafeBuffer(control.reply, 0, Frame.length(control.reply, 0));
    }
}
