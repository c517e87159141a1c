package millrace.peers;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.WindowStore;

/**
 * The queries, each from the topic to the counting sink. The key of the topic is the user, so neither windows nor deduplication
 * need a repartition topic.
 */
final class KafkaStreamsQueries {
  private static final Serde<CountAndSum> COUNT_AND_SUM =
      Serdes.serdeFrom((topic, value) -> value == null ? null : value.bytes(), (topic, bytes) -> CountAndSum.of(bytes));
  /** Never used: orders are not written anywhere. */
  private static final Serde<Order> NO_SERDE = Serdes.serdeFrom(
      (topic, order) -> {
        throw new IllegalStateException("an order is written to " + topic);
      },
      (topic, bytes) -> {
        throw new IllegalStateException("an order is read from " + topic);
      });

  /**
   * A window store is a RocksDB per half of this. Of the minute that windows need, a run that passes hours would open and delete
   * hundreds.
   */
  private static final Duration RETENTION = Duration.ofHours(2);

  private KafkaStreamsQueries() {}

  static StreamsBuilder of(Arguments arguments) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, Order> orders = builder
        .stream(arguments.topic(), Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .processValues(ParseOrder::new);
    switch (arguments.query()) {
      case "stateless" -> orders.filter((user, order) -> order.isPaid()).process(() -> new CountResults<>(
          (user, order, hash) -> {
            hash.add(order.orderId);
            hash.add(order.userId);
            hash.add(order.orderedAt);
            hash.add(order.amountCents);
          }));
      case "tumbling" -> minutes(orders);
      case "dedupe" -> orders.processValues(new KeepFirst.Supplier()).process(() -> new CountResults<>(
          (user, order, hash) -> {
            hash.add(order.orderId);
            hash.add(order.sourceSystem);
            hash.add(order.orderedAt);
          }));
      case "seed" -> minutes(orders
          .filter((user, order) -> order.isPaid() || order.isClosing())
          .processValues(new KeepFirst.Supplier()));
      default -> throw arguments.unknownQuery();
    }
    return builder;
  }

  /** Number and sum of amounts per user and minute. The windows of closing orders stay open: nothing comes after them. */
  private static void minutes(KStream<String, Order> orders) {
    orders
        .groupByKey(Grouped.with(Serdes.String(), NO_SERDE))
        .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofSeconds(5)))
        .aggregate(
            CountAndSum::none,
            (user, order, sum) -> sum.with(order.amountCents),
            Materialized.<String, CountAndSum, WindowStore<Bytes, byte[]>>with(Serdes.String(), COUNT_AND_SUM)
                .withRetention(RETENTION))
        .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))
        .toStream()
        .process(() -> new CountResults<Windowed<String>, CountAndSum>((window, sum, hash) -> {
          hash.add(window.key());
          hash.add(window.window().start());
          hash.add(sum.count());
          hash.add(sum.sum());
        }));
  }
}
