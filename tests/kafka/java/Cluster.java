import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The brokers, and what all topics and producers of the tests have in common. */
final class Cluster {
  static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");

  private final String brokers;
  private final Admin admin;

  Cluster(String brokers) {
    this.brokers = brokers;
    admin = Admin.create(Map.of("bootstrap.servers", brokers));
  }

  void createTopic(String topic, int partitions, Map<String, String> settings) throws Exception {
    var all = new HashMap<>(settings);
    // Times of long ago are no reason to delete.
    all.put("retention.ms", "-1");
    admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(all))).all().get();
  }

  /** Sends a batch when it is full or flushed. */
  KafkaProducer<byte[], byte[]> producer(Map<String, Object> settings) {
    var all = new HashMap<String, Object>(Map.of("bootstrap.servers", brokers, "linger.ms", 60_000));
    all.putAll(settings);
    return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** Lets every partition begin at an offset. */
  void deleteRecords(String topic, long before) throws Exception {
    var ends = partitionsOf(topic).stream().collect(Collectors.toMap(place -> place, place -> RecordsToDelete.beforeOffset(before)));
    admin.deleteRecords(ends).all().get();
  }

  /** Prints what a consumer sees up to the present ends of the topic. */
  void read(String topic, String isolation) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", brokers, "isolation.level", isolation, "enable.auto.commit", false);
    var partitions = partitionsOf(topic);
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(place -> consumer.position(place) < ends.get(place))) {
        for (var record : consumer.poll(Duration.ofMillis(100))) Line.of(record).print();
      }
    }
  }

  private List<TopicPartition> partitionsOf(String topic) throws Exception {
    var description = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
    return description.partitions().stream().map(info -> new TopicPartition(topic, info.partition())).toList();
  }
}
