package ebbwatch.peers;

import io.lettuce.core.RedisClient;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams: features in an in-memory store with cache and changelog topic, pipelined
 * to Redis. Takes the command line of contest.py.
 */
public final class Contestant {
    private Contestant() { }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            given.put(arguments[i], arguments[i + 1]);
        }
        RedisClient redis = RedisClient.create(given.get("--redis"));
        Stopwatch watch = new Stopwatch(Long.parseLong(given.get("--events")));
        ThreadLocal<RedisWriter> writers = ThreadLocal.withInitial(() -> new RedisWriter(redis, watch));

        Topology topology = new Topology();
        topology.addSource("events", Serdes.Bytes().deserializer(), Serdes.ByteArray().deserializer(),
            given.get("--topic"));
        topology.addProcessor("keep", () -> new FeatureProcessor(writers, watch), "events");
        topology.addStateStore(store(), "keep");
        new KafkaStreams(topology, settings(given)).start();
    }

    private static StoreBuilder<KeyValueStore<Bytes, byte[]>> store() {
        return Stores.keyValueStoreBuilder(
            Stores.inMemoryKeyValueStore(FeatureProcessor.STORE), Serdes.Bytes(), Serdes.ByteArray()
        ).withCachingEnabled().withLoggingEnabled(Map.of());
    }

    private static Properties settings(Map<String, String> given) throws Exception {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, given.get("--group"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, given.get("--kafka"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, Files.createTempDirectory("kafka-streams").toString());
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256L * 1024 * 1024);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 5000);
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 5000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.producerPrefix("linger.ms"), 50);
        return settings;
    }
}
