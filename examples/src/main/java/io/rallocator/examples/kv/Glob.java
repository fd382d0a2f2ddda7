package io.rallocator.examples.kv;

/**
 * A pattern as in KEYS and SCAN: {@code *}, {@code ?}, {@code [abc]}, {@code [a-z]}, {@code [^a]} and {@code \} before
 * a character that is meant as it stands. Matching takes at most pattern length × text length steps.
 */
final class Glob {

    private final byte[] pattern;
    private final boolean all;

    Glob(byte[] pattern) {
        this.pattern = pattern;
        this.all = pattern.length == 1 && pattern[0] == '*';
    }

    boolean matches(byte[] text) {
        if (all) {
            return true;
        }
        int p = 0;
        int t = 0;
        int star = -1;
        int retryFrom = 0;
        while (t < text.length) {
            if (p < pattern.length && pattern[p] == '*') {
                star = p++;
                retryFrom = t;
            } else if (p < pattern.length && matchesOne(p, text[t] & 0xFF)) {
                p = next(p);
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++retryFrom;
            } else {
                return false;
            }
        }
        while (p < pattern.length && pattern[p] == '*') {
            p++;
        }
        return p == pattern.length;
    }

    /** Whether the pattern's item at {@code p}, which is no star, stands for this byte. */
    private boolean matchesOne(int p, int c) {
        return switch (pattern[p]) {
            case '?' -> true;
            case '[' -> matchesSet(p, c);
            case '\\' -> (pattern[p + 1 < pattern.length ? p + 1 : p] & 0xFF) == c;
            default -> (pattern[p] & 0xFF) == c;
        };
    }

    private boolean matchesSet(int open, int c) {
        int end = endOfSet(open);
        int i = open + 1;
        boolean negated = i < end && pattern[i] == '^';
        if (negated) {
            i++;
        }
        boolean found = false;
        while (i < end) {
            if (pattern[i] == '\\' && i + 1 < end) {
                i++;
            }
            int low = pattern[i++] & 0xFF;
            int high = low;
            if (i + 1 < end && pattern[i] == '-') {
                high = pattern[i + 1] & 0xFF;
                i += 2;
            }
            found |= c >= Math.min(low, high) && c <= Math.max(low, high);
        }
        return found != negated;
    }

    /** The index of the set's closing bracket, or of the pattern's end if nobody closed it. */
    private int endOfSet(int open) {
        int i = open + 1;
        while (i < pattern.length && pattern[i] != ']') {
            i += pattern[i] == '\\' ? 2 : 1;
        }
        return Math.min(i, pattern.length);
    }

    private int next(int p) {
        if (pattern[p] == '[') {
            return Math.min(endOfSet(p) + 1, pattern.length);
        }
        return pattern[p] == '\\' && p + 1 < pattern.length ? p + 2 : p + 1;
    }
}
