import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Topics that lose records again: by compaction, or because they were deleted. */
final class ShrinkingTopics {
  private final Cluster cluster;
  private final RandomRecords random;
  private long nowMs = 0;

  ShrinkingTopics(Cluster cluster, RandomRecords random) {
    this.cluster = cluster;
    this.random = random;
  }

  /** Keys that are written again and again, with transactions and without, in a segment that `roll` ends. */
  void compacted(String topic) throws Exception {
    var settings = Map.of(
        "cleanup.policy", "compact", "segment.ms", "1000", "min.cleanable.dirty.ratio", "0", "delete.retention.ms", "0");
    cluster.createTopic(topic, 1, settings);
    // A segment ends by the times of its records, and markers of transactions have the broker's.
    nowMs = System.currentTimeMillis();
    try (var early = cluster.producer(Map.of("compression.type", "lz4"));
        var late = cluster.producer(Map.of("compression.type", "zstd"));
        var transaction = new Transaction(cluster, topic, "gzip")) {
      // Nothing stays of it but a batch without records, which keeps the producer's last sequence number.
      Written.print(Written.by(early, keyed(topic, "a", 10)));
      transaction.begin().write(keyed(topic, "b", 10)).commit();
      // What is aborted takes nothing away from what was committed before.
      transaction.begin().write(keyed(topic, "b", 10)).write(keyed(topic, "c", 10)).abort();
      transaction.begin().write(keyed(topic, "a", 10)).commit();
      transaction.begin().write(keyed(topic, "c", 10)).abort();
      for (int i = 0; i < 10; i++) Written.print(Written.by(late, keyed(topic, "d", 1 + random.below(20))));
      Written.print(Written.by(late, IntStream.range(0, 5).mapToObj(i -> record(topic, (i % 2 == 0 ? "b" : "d") + i, null)).toList()));
    }
  }

  /** Begins a new segment: what is before it may be compacted. */
  void roll(String topic) throws Exception {
    nowMs += 60_000;
    try (var producer = cluster.producer(Map.of())) {
      Written.print(Written.by(producer, keyed(topic, "roll", 1)));
    }
  }

  /** Batches of many records whose beginning `trim` can cut off: without a transaction, and aborted between committed ones. */
  void trimmed(String topic) throws Exception {
    cluster.createTopic(topic, 2, Map.of());
    try (var producer = cluster.producer(Map.of("compression.type", "gzip", "batch.size", 100_000));
        var aborted = new Transaction(cluster, topic + "-aborted", "none");
        var committed = new Transaction(cluster, topic + "-committed", "none")) {
      Written.print(Written.by(producer, random.some(topic, 0, 200)));
      aborted.begin().write(random.some(topic, 1, 50));
      committed.begin().write(random.some(topic, 1, 50));
      aborted.write(random.some(topic, 1, 50)).abort();
      committed.write(random.some(topic, 1, 50)).commit();
    }
  }

  void trim(String topic, long before) throws Exception {
    cluster.deleteRecords(topic, before);
  }

  private List<ProducerRecord<byte[], byte[]>> keyed(String topic, String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> record(topic, prefix + i, random.json(60))).toList();
  }

  private ProducerRecord<byte[], byte[]> record(String topic, String key, byte[] value) {
    return new ProducerRecord<>(topic, 0, nowMs, key.getBytes(), value);
  }
}
