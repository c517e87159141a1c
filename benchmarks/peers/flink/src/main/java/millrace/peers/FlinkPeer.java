package millrace.peers;

import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.state.rocksdb.PredefinedOptions;
import org.apache.flink.state.rocksdb.RocksDBConfigurableOptions;
import org.apache.flink.state.rocksdb.RocksDBOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Runs a query in Apache Flink, in this process. Arguments: those of all peers, then `rocksdb` or `hashmap`. */
public final class FlinkPeer {
  private static final int PARALLELISM = 2;

  public static void main(String[] args) throws Exception {
    Arguments arguments = Arguments.of(args);
    Meter.expect(arguments.records());
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(PARALLELISM, settings(arguments.directory(), args[5]));
    FlinkQueries.add(arguments, orders(environment, arguments));
    environment.execute(arguments.query());
    System.out.println(Meter.figures());
    System.exit(0);
  }

  private static Configuration settings(String directory, String backend) {
    Configuration settings = new Configuration();
    settings.set(PipelineOptions.OBJECT_REUSE, true);
    // Nothing may be serialized by Kryo, which is slow.
    settings.set(PipelineOptions.GENERIC_TYPES, false);
    settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(10));
    settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + directory + "/checkpoints");
    // A bounded job would otherwise wait for one more checkpoint, idle for up to an interval.
    settings.set(CheckpointingOptions.ENABLE_CHECKPOINTS_AFTER_TASKS_FINISH, false);
    settings.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    settings.set(CoreOptions.TMP_DIRS, directory);
    settings.set(StateBackendOptions.STATE_BACKEND, backend);
    settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(backend.equals("rocksdb") ? 512 : 32));
    settings.set(RocksDBOptions.PREDEFINED_OPTIONS, PredefinedOptions.FLASH_SSD_OPTIMIZED.name());
    settings.set(RocksDBConfigurableOptions.USE_BLOOM_FILTER, true);
    return settings;
  }

  private static DataStream<Order> orders(StreamExecutionEnvironment environment, Arguments arguments) {
    KafkaSource<Order> source = KafkaSource.<Order>builder()
        .setBootstrapServers(arguments.brokers())
        .setTopics(List.of(arguments.topic()))
        .setGroupId("benchmark-flink")
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setBounded(OffsetsInitializer.latest())
        .setDeserializer(new OrderDeserializer())
        .setProperty("max.poll.records", "5000")
        .setProperty("commit.offsets.on.checkpoint", "false")
        .build();
    // The timestamp of a record is the event time of its order. The watermark is held back per partition.
    WatermarkStrategy<Order> watermarks = WatermarkStrategy.forBoundedOutOfOrderness(Duration.ofSeconds(5));
    return environment.fromSource(source, watermarks, "orders");
  }
}
