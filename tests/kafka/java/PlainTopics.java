import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Topics that are written without transactions. */
final class PlainTopics {
  private static final int MIB = 1_048_576;
  /** The largest that a producer takes by default, with a key of three bytes and no headers. */
  private static final int LARGEST_VALUE_BYTES = MIB - 90;

  private final Cluster cluster;
  private final RandomRecords random;

  PlainTopics(Cluster cluster, RandomRecords random) {
    this.cluster = cluster;
    this.random = random;
  }

  /** A partition for each codec: batches of one record, of many, and records as large as a producer takes. */
  void codecs(String topic) throws Exception {
    cluster.createTopic(topic, Cluster.CODECS.size(), Map.of());
    for (int partition = 0; partition < Cluster.CODECS.size(); partition++) {
      try (var producer = cluster.producer(Map.of("compression.type", Cluster.CODECS.get(partition)))) {
        for (int i = 0; i < 20; i++) Written.print(Written.by(producer, random.some(topic, partition, 1)));
        Written.print(Written.by(producer, random.some(topic, partition, 200)));
        byte[] largeKey = random.text(MIB / 2).getBytes();
        Written.print(Written.by(producer, List.of(
            record(topic, partition, "key".getBytes(), random.json(LARGEST_VALUE_BYTES)),
            record(topic, partition, largeKey, random.json(LARGEST_VALUE_BYTES - largeKey.length)))));
      }
    }
  }

  /**
   * A partition for each codec. The producer learns how well records compress; then some come that do not compress at all, the broker
   * refuses its batches as too large, and it splits them and sends the parts.
   */
  void split(String topic) throws Exception {
    cluster.createTopic(topic, Cluster.CODECS.size(), Map.of("max.message.bytes", "17000"));
    for (int partition = 0; partition < Cluster.CODECS.size(); partition++) {
      try (var producer = cluster.producer(Map.of("compression.type", Cluster.CODECS.get(partition), "batch.size", 16_384))) {
        var easy = record(topic, partition, random.key(), "x".repeat(1_000).getBytes());
        for (int i = 0; i < 100; i++) Written.print(Written.by(producer, List.of(easy)));
        int at = partition;
        var hard = IntStream.range(0, 200).mapToObj(i -> record(topic, at, random.key(), random.bytes(1_000))).toList();
        Written.print(Written.by(producer, hard));
        if (partition > 0 && splitsOf(producer) == 0) throw new IllegalStateException("no batch was split");
      }
    }
  }

  /** Records that are larger than what a client asks for at once, and small ones between them. */
  void large(String topic) throws Exception {
    cluster.createTopic(topic, 2, Map.of("max.message.bytes", String.valueOf(8 * MIB)));
    try (var producer = cluster.producer(Map.of("max.request.size", 8 * MIB))) {
      for (int i = 0; i < 8; i++) {
        byte[] value = random.json(i < 2 || i > 5 ? 200 : 8 * MIB - 100 - i * MIB / 2);
        Written.print(Written.by(producer, List.of(record(topic, i % 2, null, value))));
      }
    }
  }

  /** Times in no order, from 1970 to the far future, in one batch and in one each. */
  void timestamps(String topic, String type) throws Exception {
    var settings = Map.of("message.timestamp.type", type, "message.timestamp.after.max.ms", String.valueOf(Long.MAX_VALUE));
    cluster.createTopic(topic, 1, settings);
    Long[] times = {RandomRecords.START_MS, RandomRecords.START_MS - 5_000, RandomRecords.START_MS + 5_000, 0L, 1L, 1L << 51, 1L << 32, null};
    try (var producer = cluster.producer(Map.of())) {
      var records = Stream.of(times).map(at -> new ProducerRecord<>(topic, 0, at, random.key(), random.json(50))).toList();
      for (var written : Written.by(producer, records)) written.print(type, "committed");
      for (var record : records) Written.by(producer, List.of(record)).get(0).print(type, "committed");
    }
  }

  private static double splitsOf(KafkaProducer<byte[], byte[]> producer) {
    return producer.metrics().values().stream()
        .filter(metric -> metric.metricName().name().equals("batch-split-total"))
        .mapToDouble(metric -> (double) metric.metricValue())
        .sum();
  }

  private static ProducerRecord<byte[], byte[]> record(String topic, int partition, byte[] key, byte[] value) {
    return new ProducerRecord<>(topic, partition, RandomRecords.START_MS, key, value);
  }
}
