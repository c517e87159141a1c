package millrace.peers;

import java.time.Duration;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.Stores;

/** Runs a query in Kafka Streams from Kafka to Kafka, tuned for latency, until the process is ended. Arguments: {@link LatencyArguments}. */
public final class KafkaStreamsLatency {
  private static final Duration SECOND = Duration.ofSeconds(1);
  /** Read by the topology alone; what breaks the contract is null. */
  private static final Serde<Order> ORDER = Serdes.serdeFrom(
      (topic, order) -> {
        throw new IllegalStateException("an order is written to " + topic);
      },
      (topic, bytes) -> bytes == null ? null : Order.parse(bytes));
  private static final Serde<CountAndSum> COUNT_AND_SUM =
      Serdes.serdeFrom((topic, value) -> value == null ? null : value.bytes(), (topic, bytes) -> CountAndSum.of(bytes));
  private static final ThreadLocal<ResultJson> JSON = ThreadLocal.withInitial(ResultJson::new);

  public static void main(String[] args) throws Exception {
    LatencyArguments arguments = LatencyArguments.of(args);
    String application = "benchmark-" + UUID.randomUUID();
    Properties settings = settings(arguments, application);
    KafkaStreams streams = new KafkaStreams(topology(arguments).build(settings), settings);
    CountDownLatch failed = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(failure -> {
      failure.printStackTrace();
      failed.countDown();
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(streams, arguments, application)));
    streams.start();
    failed.await();
    System.exit(1);
  }

  private static StreamsBuilder topology(LatencyArguments arguments) {
    StreamsBuilder builder = new StreamsBuilder();
    // The timestamp of a record says when the broker took it.
    KStream<String, Order> orders = builder
        .stream(
            arguments.input(),
            Consumed.with(Serdes.String(), ORDER).withTimestampExtractor(
                (record, newest) -> record.value() instanceof Order order ? order.orderedAt : Math.max(0, newest)))
        .filter((user, order) -> order != null);
    KStream<String, byte[]> results = switch (arguments.query()) {
      case "stateless" -> orders
          .filter((user, order) -> order.isPaid())
          .map((user, order) -> withoutKey(JSON.get().of(order)));
      case "tumbling" -> seconds(orders);
      default -> throw arguments.unknownQuery();
    };
    results.to(arguments.output(), Produced.with(Serdes.String(), Serdes.ByteArray()));
    return builder;
  }

  /** Number and sum of amounts per user and second. */
  private static KStream<String, byte[]> seconds(KStream<String, Order> orders) {
    return orders
        .groupByKey(Grouped.with(Serdes.String(), ORDER))
        .windowedBy(TimeWindows.ofSizeWithNoGrace(SECOND))
        .aggregate(
            CountAndSum::none,
            (user, order, sum) -> sum.with(order.amountCents),
            Materialized.<String, CountAndSum>as(Stores.inMemoryWindowStore("seconds", SECOND.multipliedBy(2), SECOND, false))
                .withKeySerde(Serdes.String())
                .withValueSerde(COUNT_AND_SUM))
        // It looks at its windows with every record; emitting them on their close would look once a second.
        .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))
        .toStream()
        .map((window, sum) -> withoutKey(
            JSON.get().of(window.key(), window.window().start(), sum.count(), sum.sum())));
  }

  /** Without a key the producer fills one partition after the other, so batches are fewer. */
  private static KeyValue<String, byte[]> withoutKey(byte[] json) {
    return KeyValue.pair(null, json);
  }

  private static Properties settings(LatencyArguments arguments, String application) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments.brokers());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments.directory());
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, arguments.threads());
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    settings.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MIN_BYTES_CONFIG), 1);
    // The default is 100 ms.
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 0);
    return settings;
  }

  private static void end(KafkaStreams streams, LatencyArguments arguments, String application) {
    streams.close(Duration.ofSeconds(30));
    try {
      KafkaStreamsPeer.deleteTopics(arguments.brokers(), application);
    } catch (Exception failure) {
      failure.printStackTrace();
    }
  }
}
