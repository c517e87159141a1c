import java.util.List;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** A record that was sent, and where it is. */
record Written(ProducerRecord<byte[], byte[]> record, Future<RecordMetadata> place) {
  /** Sends the records together, in as few batches as the settings of the producer allow. */
  static List<Written> by(KafkaProducer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records) {
    var written = records.stream().map(record -> new Written(record, producer.send(record))).toList();
    producer.flush();
    return written;
  }

  /** Prints records without a transaction. */
  static void print(List<Written> all) throws Exception {
    for (var one : all) one.print("CreateTime", "committed");
  }

  void print(String timestampType, String end) throws Exception {
    var at = place.get();
    new Line(at.partition(), at.offset(), at.timestamp(), timestampType, record.key(), record.value(), record.headers()).printWith(end);
  }
}
