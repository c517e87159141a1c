package millrace.peers;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Reads orders and leaves out what breaks the contract. */
public final class OrderDeserializer implements KafkaRecordDeserializationSchema<Order> {
  private transient Meter.Reader reader;

  @Override
  public void open(DeserializationSchema.InitializationContext context) {
    reader = new Meter.Reader();
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Order> orders) {
    Order order = Order.parse(record.value());
    reader.count(order != null && order.isClosing());
    if (order != null) orders.collect(order);
  }

  @Override
  public TypeInformation<Order> getProducedType() {
    return TypeInformation.of(Order.class);
  }
}
