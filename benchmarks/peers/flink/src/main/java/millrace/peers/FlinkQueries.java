package millrace.peers;

import java.time.Duration;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;

/** The queries, each from orders to the counting sink. Only what is needed travels between tasks, in tuples. */
final class FlinkQueries {
  private FlinkQueries() {}

  static void add(Arguments arguments, DataStream<Order> orders) {
    switch (arguments.query()) {
      case "stateless" -> stateless(orders);
      case "tumbling" -> tumbling(orders);
      case "dedupe" -> dedupe(orders);
      case "seed" -> seed(orders);
      default -> throw arguments.unknownQuery();
    }
  }

  private static void stateless(DataStream<Order> orders) {
    orders.filter(Order::isPaid).sinkTo(new CountingSink<>((order, hash) -> {
      hash.add(order.orderId);
      hash.add(order.userId);
      hash.add(order.orderedAt);
      hash.add(order.amountCents);
    }));
  }

  private static void tumbling(DataStream<Order> orders) {
    minutes(orders
        .filter(order -> !order.isClosing())
        .map(order -> Tuple2.of(order.userId, order.amountCents))
        .returns(Types.TUPLE(Types.LONG, Types.LONG)));
  }

  private static void dedupe(DataStream<Order> orders) {
    orders
        .map(order -> Tuple2.of(identity(order), order.orderedAt))
        .returns(Types.TUPLE(Types.STRING, Types.LONG))
        .keyBy(order -> order.f0, Types.STRING)
        .process(new KeepFirst<>())
        .returns(Types.TUPLE(Types.STRING, Types.LONG))
        .sinkTo(new CountingSink<>((order, hash) -> {
          hash.add(order.f0);
          hash.add(order.f1);
        }));
  }

  private static void seed(DataStream<Order> orders) {
    minutes(orders
        .filter(Order::isPaid)
        .map(order -> Tuple3.of(identity(order), order.userId, order.amountCents))
        .returns(Types.TUPLE(Types.STRING, Types.LONG, Types.LONG))
        .keyBy(order -> order.f0, Types.STRING)
        .process(new KeepFirst<>())
        .returns(Types.TUPLE(Types.STRING, Types.LONG, Types.LONG))
        .map(order -> Tuple2.of(order.f1, order.f2))
        .returns(Types.TUPLE(Types.LONG, Types.LONG)));
  }

  /** Both fields of the key, as the text of the result has them. */
  private static String identity(Order order) {
    return order.orderId + '|' + order.sourceSystem;
  }

  private static void minutes(DataStream<Tuple2<Long, Long>> amounts) {
    sums(amounts, Duration.ofMinutes(1))
        .sinkTo(new CountingSink<>((minute, hash) -> {
          hash.add(minute.f0);
          hash.add(minute.f1);
          hash.add(minute.f2);
          hash.add(minute.f3);
        }));
  }

  /** User, begin of the window, number and sum of amounts, per user and window. */
  static DataStream<Tuple4<Long, Long, Long, Long>> sums(DataStream<Tuple2<Long, Long>> amounts, Duration length) {
    return amounts
        .keyBy(amount -> amount.f0, Types.LONG)
        .window(TumblingEventTimeWindows.of(length))
        .aggregate(
            new CountAndSum(),
            new WithUserAndStart(),
            Types.TUPLE(Types.LONG, Types.LONG),
            Types.TUPLE(Types.LONG, Types.LONG, Types.LONG, Types.LONG));
  }
}
