import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The same with Java's consumer, default settings. Arguments: brokers, topic, number of records. */
public class ConsumeKafka {
  public static void main(String[] args) throws Exception {
    long expected = Long.parseLong(args[2]);
    long started = System.nanoTime();
    Map<String, Object> settings = Map.of("bootstrap.servers", args[0], "enable.auto.commit", false);
    long records = 0, bytes = 0, warmRecords = 0, warmCpu = 0;
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = IntStream.range(0, consumer.partitionsFor(args[1]).size())
          .mapToObj(partition -> new TopicPartition(args[1], partition)).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (records < expected) {
        var polled = consumer.poll(Duration.ofMillis(250));
        for (ConsumerRecord<byte[], byte[]> record : polled) if (record.value() != null) bytes += record.value().length;
        records += polled.count();
        if (warmCpu == 0 && 4 * records >= expected) {
          warmRecords = records;
          warmCpu = cpuNanos();
        }
      }
      if (bytes == 0) throw new IllegalStateException("the topic has no values");
      System.out.printf(
          "{\"records\":%d,\"steadyRecords\":%d,\"steadyCpuMs\":%.3f,\"wallMs\":%.1f,\"peakRssMiB\":%.1f}%n",
          records, records - warmRecords, (cpuNanos() - warmCpu) / 1e6, (System.nanoTime() - started) / 1e6, peakRssMiB());
    }
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  private static double peakRssMiB() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) return Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024;
    }
    return 0;
  }
}
