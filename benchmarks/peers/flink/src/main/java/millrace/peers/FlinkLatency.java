package millrace.peers;

import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Runs a query in Apache Flink from Kafka to Kafka, tuned for latency, until the process is ended. Arguments: {@link LatencyArguments}. */
public final class FlinkLatency {
  public static void main(String[] args) throws Exception {
    LatencyArguments arguments = LatencyArguments.of(args);
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(arguments.threads(), settings(arguments.directory()));
    DataStream<Order> orders = orders(environment, arguments);
    switch (arguments.query()) {
      case "stateless" -> orders
          .filter(Order::isPaid)
          .sinkTo(sink(arguments, (order, json) -> json.of(order)));
      case "tumbling" -> seconds(orders)
          .sinkTo(sink(arguments, (sum, json) -> json.of(sum.f0, sum.f1, sum.f2, sum.f3)));
      default -> throw arguments.unknownQuery();
    }
    environment.execute(arguments.query());
  }

  private static Configuration settings(String directory) {
    Configuration settings = new Configuration();
    settings.set(PipelineOptions.OBJECT_REUSE, true);
    settings.set(PipelineOptions.GENERIC_TYPES, false);
    // A watermark as soon as it can be: the default of 200 ms would be the latency of every window.
    settings.set(PipelineOptions.AUTO_WATERMARK_INTERVAL, Duration.ofMillis(1));
    // What crosses a shuffle waits so long for company. Flink's documentation advises against 0.
    settings.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ofMillis(1));
    settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(10));
    settings.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.AT_LEAST_ONCE);
    settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + directory + "/checkpoints");
    settings.set(CoreOptions.TMP_DIRS, directory);
    settings.set(StateBackendOptions.STATE_BACKEND, "hashmap");
    return settings;
  }

  private static DataStream<Order> orders(StreamExecutionEnvironment environment, LatencyArguments arguments) {
    KafkaSource<Order> source = KafkaSource.<Order>builder()
        .setBootstrapServers(arguments.brokers())
        .setTopics(List.of(arguments.input()))
        .setGroupId("benchmark-flink")
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setDeserializer(new OrderDeserializer())
        .setProperty("fetch.min.bytes", "1")
        .setProperty("commit.offsets.on.checkpoint", "false")
        .build();
    // The timestamp of a record says when the broker took it.
    WatermarkStrategy<Order> watermarks = WatermarkStrategy
        .<Order>forBoundedOutOfOrderness(Duration.ZERO)
        .withTimestampAssigner((order, taken) -> order.orderedAt);
    return environment.fromSource(source, watermarks, "orders");
  }

  private static DataStream<Tuple4<Long, Long, Long, Long>> seconds(DataStream<Order> orders) {
    DataStream<Tuple2<Long, Long>> amounts = orders
        .map(order -> Tuple2.of(order.userId, order.amountCents))
        .returns(Types.TUPLE(Types.LONG, Types.LONG));
    return FlinkQueries.sums(amounts, Duration.ofSeconds(1));
  }

  private static <T> KafkaSink<T> sink(LatencyArguments arguments, ResultSerializer.Format<T> format) {
    return KafkaSink.<T>builder()
        .setBootstrapServers(arguments.brokers())
        .setRecordSerializer(new ResultSerializer<>(arguments.output(), format))
        .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
        // The default of the client is 5 ms.
        .setProperty("linger.ms", "0")
        .build();
  }
}
