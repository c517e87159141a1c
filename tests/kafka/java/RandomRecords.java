import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** Records of every kind, by the seed. */
final class RandomRecords {
  static final long START_MS = 1_700_000_000_000L;
  private static final int SPREAD_MS = 1_000_000;

  private final Random random;
  private long numbered = 0;

  RandomRecords(long seed) {
    random = new Random(seed);
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  List<ProducerRecord<byte[], byte[]>> some(String topic, int partition, int count) {
    return IntStream.range(0, count).mapToObj(i -> one(topic, partition)).toList();
  }

  byte[] key() {
    return switch (below(6)) {
      case 0 -> null;
      case 1 -> new byte[0];
      // What the key of an abort marker looks like.
      case 2 -> new byte[4];
      case 3 -> "größe 水 🌊".getBytes();
      case 4 -> bytes(below(30));
      default -> ("key " + below(100)).getBytes();
    };
  }

  byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** A JSON object of so many bytes, with a number of its own. */
  byte[] json(int sizeBytes) {
    String start = "{\"n\":" + numbered++ + ",\"text\":\"größe 水 🌊 ";
    return (start + text(sizeBytes - start.getBytes().length - 2) + "\"}").getBytes();
  }

  /** Its first half is hard to compress. */
  String text(int length) {
    var text = new StringBuilder(length);
    random.ints(length / 2, 'A', 'Z' + 1).forEach(text::appendCodePoint);
    return text.append("x".repeat(length - length / 2)).toString();
  }

  private ProducerRecord<byte[], byte[]> one(String topic, int partition) {
    long timestamp = START_MS + below(2 * SPREAD_MS) - SPREAD_MS;
    return new ProducerRecord<>(topic, partition, timestamp, key(), value(), headers());
  }

  private List<Header> headers() {
    return below(2) == 0 ? List.of() : IntStream.rangeClosed(0, below(5)).mapToObj(i -> header()).toList();
  }

  private Header header() {
    return switch (below(6)) {
      case 0 -> new RecordHeader("", new byte[0]);
      case 1 -> new RecordHeader("nothing", (byte[]) null);
      case 2 -> new RecordHeader("ключ 🔑", "значение".getBytes());
      default -> new RecordHeader("trace", bytes(below(40)));
    };
  }

  private byte[] value() {
    return switch (below(8)) {
      case 0 -> null;
      case 1 -> new byte[0];
      case 2 -> bytes(below(300));
      default -> json(50 + below(200));
    };
  }
}
