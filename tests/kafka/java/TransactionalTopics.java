import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;

/** Topics that are written by transactions, and by producers without any between them. */
final class TransactionalTopics {
  private static final int PRODUCERS = 8;
  private static final int STEPS = 300;
  private static final int PARTITIONS = 3;

  private final Cluster cluster;
  private final RandomRecords random;
  private final Map<String, Transaction> held = new HashMap<>();

  TransactionalTopics(Cluster cluster, RandomRecords random) {
    this.cluster = cluster;
    this.random = random;
  }

  /** Eight producers with transactions over all partitions, one that is only idempotent and one that is nothing. */
  void atRandom(String topic) throws Exception {
    cluster.createTopic(topic, PARTITIONS, Map.of());
    var idle = new ArrayList<Transaction>();
    var open = new ArrayList<Transaction>();
    for (int i = 0; i < PRODUCERS; i++) idle.add(new Transaction(cluster, topic + "-" + i, Cluster.CODECS.get(i % Cluster.CODECS.size())));
    try (var idempotent = cluster.producer(Map.of()); var plain = cluster.producer(Map.of("enable.idempotence", false))) {
      for (int step = 0; step < STEPS; step++) {
        int kind = random.below(10);
        if (kind < 3 && !idle.isEmpty()) open.add(takeAny(idle).begin());
        else if (kind < 7 && !open.isEmpty()) open.get(random.below(open.size())).write(random.some(topic, random.below(PARTITIONS), 1 + random.below(8)));
        else if (kind < 9 && !open.isEmpty()) idle.add(endAny(takeAny(open)));
        else writePlainly(kind % 2 == 0 ? plain : idempotent, topic);
      }
    }
    for (var transaction : open) idle.add(endAny(transaction));
    for (var transaction : idle) transaction.close();
  }

  /** A transaction that stays open until `end`, and what others write before and after it began. */
  void hold(String topic) throws Exception {
    cluster.createTopic(topic, PARTITIONS, Map.of());
    try (var other = new Transaction(cluster, topic + "-other", "none"); var plain = cluster.producer(Map.of())) {
      writeAll(other.begin(), topic).commit();
      held.put(topic, writeAll(new Transaction(cluster, topic + "-held", "lz4").begin(), topic).printOpen());
      writeAll(other.begin(), topic).commit();
      writeAll(other.begin(), topic).abort();
      writePlainly(plain, topic);
    }
  }

  /** Prints what was held once more, with its end. */
  void end(String topic, String end) throws Exception {
    try (var transaction = held.remove(topic)) {
      if (end.equals("commit")) transaction.commit();
      else transaction.abort();
    }
  }

  private Transaction endAny(Transaction transaction) throws Exception {
    return random.below(2) == 0 ? transaction.commit() : transaction.abort();
  }

  private Transaction writeAll(Transaction transaction, String topic) {
    for (int partition = 0; partition < PARTITIONS; partition++) transaction.write(random.some(topic, partition, 10));
    return transaction;
  }

  private void writePlainly(KafkaProducer<byte[], byte[]> producer, String topic) throws Exception {
    Written.print(Written.by(producer, random.some(topic, random.below(PARTITIONS), 5)));
  }

  private <T> T takeAny(List<T> list) {
    return list.remove(random.below(list.size()));
  }
}
