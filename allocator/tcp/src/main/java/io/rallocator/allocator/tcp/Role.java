package io.rallocator.allocator.tcp;

import java.util.Arrays;

/** What a worker may do; the blade enforces it. */
public enum Role {
    /** Reads everything, writes nothing but its own line of the session table. */
    READ_ONLY(1, "read-only"),
    /** Reads and writes everything in the pool. */
    READ_WRITE(2, "read-write");

    private final int code;
    private final String text;

    Role(final int code, final String text) {
        this.code = code;
        this.text = text;
    }

    int code() {
        return code;
    }

    /** The role on the wire, or null. */
    static Role of(final int code) {
        return Arrays.stream(values())
                .filter(role -> role.code == code)
                .findFirst()
                .orElse(null);
    }

    /**
     * Reads a role.
     *
     * @param text {@code read-only} or {@code read-write}
     * @return the role
     * @throws IllegalArgumentException if there is none such
     */
    public static Role parse(final String text) {
        return Arrays.stream(values())
                .filter(role -> role.text.equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "there is no role '" + text + "', known are read-only and read-write"));
    }

    @Override
    public String toString() {
        return text;
    }
}
