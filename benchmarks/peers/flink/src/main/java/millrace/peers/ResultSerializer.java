package millrace.peers;

import java.io.Serializable;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Writes results to a topic as JSON, without a key; `format` makes the JSON of one. */
final class ResultSerializer<T> implements KafkaRecordSerializationSchema<T> {
  /** Makes the JSON of a result. */
  @FunctionalInterface
  interface Format<T> extends Serializable {
    byte[] of(T result, ResultJson json);
  }

  private final String topic;
  private final Format<T> format;
  private transient ResultJson json;

  ResultSerializer(String topic, Format<T> format) {
    this.topic = topic;
    this.format = format;
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(T result, KafkaSinkContext context, Long timestamp) {
    if (json == null) json = new ResultJson();
    return new ProducerRecord<>(topic, format.of(result, json));
  }
}
