import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** A record as a line of JSON. All bytes are Base64; of many there are only their number and SHA-256. */
record Line(int partition, long offset, long timestamp, String timestampType, byte[] key, byte[] value, Headers headers) {
  private static final int MOST_BYTES = 1_000;

  static Line of(ConsumerRecord<byte[], byte[]> record) {
    return new Line(record.partition(), record.offset(), record.timestamp(), record.timestampType().name, record.key(), record.value(), record.headers());
  }

  void print() throws Exception {
    print("");
  }

  /** `end` says what became of the transaction. */
  void printWith(String end) throws Exception {
    print(",\"end\":\"" + end + "\"");
  }

  private void print(String more) throws Exception {
    String pairs = StreamSupport.stream(headers.spliterator(), false).map(Line::pair).collect(Collectors.joining(","));
    System.out.printf(
        "{\"partition\":%d,\"offset\":%d,\"timestamp\":%d,\"timestampType\":\"%s\",\"key\":%s,\"value\":%s,\"headers\":[%s]%s}%n",
        partition, offset, timestamp, timestampType, text(key), text(value), pairs, more);
  }

  private static String pair(Header header) {
    return "[" + text(header.key().getBytes()) + "," + text(header.value()) + "]";
  }

  private static String text(byte[] bytes) {
    if (bytes == null) return "null";
    if (bytes.length <= MOST_BYTES) return "\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
    return "\"" + bytes.length + " bytes " + HexFormat.of().formatHex(sha256(bytes)) + "\"";
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (java.security.NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
