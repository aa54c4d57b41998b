package ebbwatch.peers;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.utils.Bytes;

/**
 * Writes the changed users of one stream thread, each batch with one MSET; the next batch is computed while
 * the last one is on its way.
 */
final class RedisWriter {
    private static final int BATCH_EVENTS = 2000;
    private static final byte[] PREFIX = "features:".getBytes(StandardCharsets.US_ASCII);

    private final RedisAsyncCommands<byte[], byte[]> redis;
    private final Stopwatch watch;
    private Map<Bytes, byte[]> changed = new HashMap<>();
    private long events;
    private RedisFuture<String> last;

    RedisWriter(RedisClient client, Stopwatch watch) {
        this.redis = client.connect(ByteArrayCodec.INSTANCE).async();
        this.watch = watch;
    }

    void add(Bytes user, byte[] features) {
        changed.put(user, features);
        events++;
        if (events >= BATCH_EVENTS) {
            flush();
        }
    }

    void flush() {
        if (changed.isEmpty()) {
            return;
        }
        settle();
        Map<byte[], byte[]> batch = new HashMap<>(changed.size() * 2);
        changed.forEach((user, features) -> batch.put(key(user.get()), features));
        long count = events;
        last = redis.mset(batch);
        last.thenRun(() -> watch.wrote(count));
        changed = new HashMap<>();
        events = 0;
    }

    private void settle() {
        try {
            if (last != null) {
                last.get();
            }
        } catch (ExecutionException | InterruptedException failed) {
            throw new IllegalStateException("Redis did not take a batch", failed);
        }
    }

    private static byte[] key(byte[] user) {
        byte[] key = new byte[PREFIX.length + user.length];
        System.arraycopy(PREFIX, 0, key, 0, PREFIX.length);
        System.arraycopy(user, 0, key, PREFIX.length, user.length);
        return key;
    }
}
