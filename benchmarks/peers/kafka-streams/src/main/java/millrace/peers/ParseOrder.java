package millrace.peers;

import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/** Reads orders and leaves out what breaks the contract. */
final class ParseOrder extends ContextualFixedKeyProcessor<String, byte[], Order> {
  private final Meter.Reader reader = new Meter.Reader();

  @Override
  public void process(FixedKeyRecord<String, byte[]> record) {
    Order order = Order.parse(record.value());
    if (order != null) context().forward(record.withValue(order));
    // After the order was processed: when all are counted, all is done but for the commit.
    reader.count(order != null && order.isClosing());
  }
}
