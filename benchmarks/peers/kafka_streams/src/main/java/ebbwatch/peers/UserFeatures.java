package ebbwatch.peers;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Features of one user: the fields, their units and rules are those of features.py. */
final class UserFeatures {
    static final int RING_DAYS = 30;
    private static final long SESSION_GAP_MS = 1_800_000;
    private static final long DAY_MS = 86_400_000;
    private static final Set<String> OPENS_SESSION = Set.of(
        "session_start", "page_view", "feature_use", "purchase", "positive_feedback", "negative_feedback",
        "social_action", "collection_action");

    long events;
    long sessions;
    long activeDays;
    long pages;
    long purchases;
    long spent;
    long refunds;
    long refunded;
    long lastEvent;
    long lastActivity;
    long gaps;
    long gapSum;
    long gapSquares;
    long positive;
    long negative;
    long lastDay;
    String plan;
    String platform;
    final long[] ring = new long[RING_DAYS];
    final Map<String, Long> features = new HashMap<>();

    /** Add one event of the user, in event-time order. */
    void apply(Event event) {
        events++;
        if (OPENS_SESSION.contains(event.type)) {
            visit(event);
        }
        countDay(Math.floorDiv(event.time, DAY_MS));
        if (event.plan != null) {
            plan = event.plan;
        }
        if (event.platform != null) {
            platform = event.platform;
        }
        if (event.pages >= 0) {
            pages += event.pages;
        } else if (event.type.equals("page_view")) {
            pages++;
        }
        switch (event.type) {
            case "feature_use" -> {
                if (event.feature != null) {
                    features.merge(event.feature, 1L, Long::sum);
                }
            }
            case "purchase" -> {
                purchases++;
                spent += (long) Math.rint(event.amount * 100);
            }
            case "refund" -> {
                refunds++;
                refunded += Math.abs((long) Math.rint(event.amount * 100));
            }
            case "positive_feedback" -> positive++;
            case "negative_feedback" -> negative++;
            default -> { }
        }
        lastEvent = event.time;
    }

    private void visit(Event event) {
        long silence = event.time - lastActivity;
        if (sessions == 0) {
            sessions = 1;
        } else if (event.type.equals("session_start") || silence > SESSION_GAP_MS) {
            long seconds = Math.floorDiv(silence, 1000L);
            sessions++;
            gaps++;
            gapSum += seconds;
            gapSquares += seconds * seconds;
        }
        lastActivity = event.time;
    }

    private void countDay(long day) {
        if (day != lastDay) {
            activeDays++;
            for (long passed = Math.max(lastDay + 1, day - RING_DAYS + 1); passed <= day; passed++) {
                ring[(int) (passed % RING_DAYS)] = 0;
            }
            lastDay = day;
        }
        ring[(int) (day % RING_DAYS)]++;
    }
}
