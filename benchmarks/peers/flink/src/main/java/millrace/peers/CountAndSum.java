package millrace.peers;

import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.java.tuple.Tuple2;

/** Number of amounts and their sum. */
final class CountAndSum implements AggregateFunction<Tuple2<Long, Long>, Tuple2<Long, Long>, Tuple2<Long, Long>> {
  @Override
  public Tuple2<Long, Long> createAccumulator() {
    return Tuple2.of(0L, 0L);
  }

  @Override
  public Tuple2<Long, Long> add(Tuple2<Long, Long> amount, Tuple2<Long, Long> sum) {
    sum.f0++;
    sum.f1 += amount.f1;
    return sum;
  }

  @Override
  public Tuple2<Long, Long> getResult(Tuple2<Long, Long> sum) {
    return sum;
  }

  @Override
  public Tuple2<Long, Long> merge(Tuple2<Long, Long> a, Tuple2<Long, Long> b) {
    return Tuple2.of(a.f0 + b.f0, a.f1 + b.f1);
  }
}
