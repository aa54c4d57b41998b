package ebbwatch.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps the features of one partition's users in the state store and hands them to the thread's writer. */
final class FeatureProcessor implements Processor<Bytes, byte[], Void, Void> {
    static final String STORE = "features";
    private static final Duration FLUSH_EVERY = Duration.ofMillis(100);

    private final ThreadLocal<RedisWriter> writers;
    private final Stopwatch watch;
    private KeyValueStore<Bytes, byte[]> store;

    FeatureProcessor(ThreadLocal<RedisWriter> writers, Stopwatch watch) {
        this.writers = writers;
        this.watch = watch;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        store = context.getStateStore(STORE);
        context.schedule(FLUSH_EVERY, PunctuationType.WALL_CLOCK_TIME, now -> writers.get().flush());
    }

    @Override
    public void process(Record<Bytes, byte[]> record) {
        if (record.key() == null) {
            return;
        }
        watch.start();
        try {
            UserFeatures state = FeatureCodec.decode(store.get(record.key()));
            state.apply(Event.decode(record.value()));
            byte[] encoded = FeatureCodec.encode(state);
            store.put(record.key(), encoded);
            writers.get().add(record.key(), encoded);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
