package io.rallocator.examples.kv;

import java.util.concurrent.atomic.AtomicLong;

/** What the server remembers of one connection. Used by the connection's event loop only. */
final class ClientSession {

    private static final AtomicLong NEXT_ID = new AtomicLong(1);

    private final long id = NEXT_ID.getAndIncrement();
    private final String address;
    private String name = "";
    private boolean closing;

    ClientSession(String address) {
        this.address = address;
    }

    long id() {
        return id;
    }

    String address() {
        return address;
    }

    /** What CLIENT SETNAME said, or the empty string. */
    String name() {
        return name;
    }

    void rename(String newName) {
        for (int i = 0; i < newName.length(); i++) {
            if (newName.charAt(i) < '!' || newName.charAt(i) > '~') {
                throw new CommandException("ERR Client names cannot contain spaces, newlines or special characters.");
            }
        }
        name = newName;
    }

    /** The connection is to be closed once the replies so far are out, and what still arrives is dropped. */
    void closeAfterReply() {
        closing = true;
    }

    boolean isClosing() {
        return closing;
    }
}
