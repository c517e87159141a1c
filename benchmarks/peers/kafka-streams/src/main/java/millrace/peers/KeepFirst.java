package millrace.peers;

import java.time.Duration;
import java.util.Set;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Lets the first of each key through and drops others within an hour of event time. A window store forgets whole segments,
 * which costs nothing, and is asked for exact places, the hour of an order and the one before: no range is scanned.
 */
final class KeepFirst extends ContextualFixedKeyProcessor<String, Order, Order> {
  private static final String STORE = "first";
  private static final long TTL_MS = Duration.ofHours(1).toMillis();

  private WindowStore<String, Long> first;

  @Override
  public void init(FixedKeyProcessorContext<String, Order> context) {
    super.init(context);
    first = context.getStateStore(STORE);
  }

  @Override
  public void process(FixedKeyRecord<String, Order> record) {
    Order order = record.value();
    String key = order.orderId + '|' + order.sourceSystem;
    long hour = order.orderedAt - order.orderedAt % TTL_MS;
    if (isKnown(key, order, hour)) return;
    first.put(key, order.orderedAt, hour);
    context().forward(record);
  }

  private boolean isKnown(String key, Order order, long hour) {
    if (isWithin(order, first.fetch(key, hour)) || isWithin(order, first.fetch(key, hour - TTL_MS))) return true;
    // Orders are somewhat out of order: the first may lie behind this one in time, but not behind the newest of all.
    return context().currentStreamTimeMs() >= hour + TTL_MS && isWithin(order, first.fetch(key, hour + TTL_MS));
  }

  private static boolean isWithin(Order order, Long firstAt) {
    return firstAt != null && order.orderedAt <= firstAt + TTL_MS;
  }

  /** Makes it, and its store, for each task. */
  static final class Supplier implements FixedKeyProcessorSupplier<String, Order, Order> {
    @Override
    public FixedKeyProcessor<String, Order, Order> get() {
      return new KeepFirst();
    }

    @Override
    public Set<StoreBuilder<?>> stores() {
      // A place is the begin of an hour, so two hours beyond it are to be kept. A key is written once: a cache would only cost.
      Duration retention = Duration.ofMillis(3 * TTL_MS);
      return Set.of(Stores.windowStoreBuilder(
          Stores.persistentWindowStore(STORE, retention, Duration.ofMillis(TTL_MS), false), Serdes.String(), Serdes.Long())
          .withCachingDisabled());
    }
  }
}
