package ebbwatch.peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.OffsetDateTime;

/** What the features need of an event; other fields are skipped, and lengths are not checked. */
final class Event {
    private static final JsonFactory JSON = new JsonFactory();

    String type;
    /** Milliseconds since 1970-01-01 UTC. */
    long time;
    String platform;
    String plan;
    String feature;
    /** In major units; 0 if absent. */
    double amount;
    /** -1 if absent. */
    long pages = -1;

    static Event decode(byte[] value) throws IOException {
        Event event = new Event();
        try (JsonParser parser = JSON.createParser(value)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                event.take(parser.currentName(), parser, parser.nextToken());
            }
        }
        return event;
    }

    private void take(String field, JsonParser parser, JsonToken token) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return;
        }
        switch (field) {
            case "type" -> type = parser.getText();
            case "time" -> time = token == JsonToken.VALUE_STRING
                ? OffsetDateTime.parse(parser.getText()).toInstant().toEpochMilli()
                : parser.getLongValue();
            case "platform" -> platform = parser.getText();
            case "plan" -> plan = parser.getText();
            case "feature" -> feature = parser.getText();
            case "amount" -> amount = parser.getDoubleValue();
            case "pages" -> pages = parser.getLongValue();
            default -> parser.skipChildren();
        }
    }
}
