import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The transactions of one producer, one after the other. */
final class Transaction implements AutoCloseable {
  /** The most that brokers allow by default. */
  private static final int TIMEOUT_MS = 900_000;

  private final KafkaProducer<byte[], byte[]> producer;
  private final List<Written> written = new ArrayList<>();

  Transaction(Cluster cluster, String id, String codec) {
    producer = cluster.producer(Map.of("transactional.id", id, "compression.type", codec, "transaction.timeout.ms", TIMEOUT_MS));
    producer.initTransactions();
  }

  Transaction begin() {
    producer.beginTransaction();
    return this;
  }

  Transaction write(List<ProducerRecord<byte[], byte[]>> records) {
    written.addAll(Written.by(producer, records));
    return this;
  }

  /** Prints what was written so far as `open`. */
  Transaction printOpen() throws Exception {
    print("open");
    return this;
  }

  Transaction commit() throws Exception {
    producer.commitTransaction();
    return ended("committed");
  }

  Transaction abort() throws Exception {
    producer.abortTransaction();
    return ended("aborted");
  }

  @Override
  public void close() {
    producer.close();
  }

  private Transaction ended(String end) throws Exception {
    print(end);
    written.clear();
    return this;
  }

  private void print(String end) throws Exception {
    for (var one : written) one.print("CreateTime", end);
  }
}
