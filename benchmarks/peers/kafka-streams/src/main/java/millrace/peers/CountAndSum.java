package millrace.peers;

import java.nio.ByteBuffer;

/** Number of amounts and their sum. */
record CountAndSum(long count, long sum) {
  static CountAndSum none() {
    return new CountAndSum(0, 0);
  }

  static CountAndSum of(byte[] bytes) {
    if (bytes == null) return null;
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new CountAndSum(buffer.getLong(), buffer.getLong());
  }

  CountAndSum with(long amount) {
    return new CountAndSum(count + 1, sum + amount);
  }

  byte[] bytes() {
    return ByteBuffer.allocate(16).putLong(count).putLong(sum).array();
  }
}
