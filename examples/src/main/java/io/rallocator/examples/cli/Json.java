package io.rallocator.examples.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;

/** Prints one JSON object on one line. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    static void print(final PrintWriter out, final Object value) {
        try {
            out.println(MAPPER.writeValueAsString(value));
        } catch (final JsonProcessingException e) {
            throw new IllegalStateException("maps, lists, texts and numbers have a JSON form", e);
        }
        out.flush();
    }
}
