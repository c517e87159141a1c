package millrace.peers;

import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.windowing.WindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** Puts user and start of the window beside its number and sum. */
final class WithUserAndStart
    implements WindowFunction<Tuple2<Long, Long>, Tuple4<Long, Long, Long, Long>, Long, TimeWindow> {
  @Override
  public void apply(
      Long user,
      TimeWindow window,
      Iterable<Tuple2<Long, Long>> sums,
      Collector<Tuple4<Long, Long, Long, Long>> minutes) {
    for (Tuple2<Long, Long> sum : sums) minutes.collect(Tuple4.of(user, window.getStart(), sum.f0, sum.f1));
  }
}
