package millrace.peers;

import java.time.Duration;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Lets the first of each key through and forgets keys after an hour. Flink's own time to live counts processing time, which
 * costs less than a timer per key in event time; no key of the topic comes back after its hour, so the results are the same.
 */
final class KeepFirst<T> extends KeyedProcessFunction<String, T, T> {
  private transient ValueState<Boolean> seen;

  @Override
  public void open(OpenContext context) {
    ValueStateDescriptor<Boolean> descriptor = new ValueStateDescriptor<>("seen", Types.BOOLEAN);
    descriptor.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofHours(1)).build());
    seen = getRuntimeContext().getState(descriptor);
  }

  @Override
  public void processElement(T order, Context context, Collector<T> kept) throws Exception {
    if (seen.value() != null) return;
    seen.update(true);
    kept.collect(order);
  }
}
