package millrace.peers;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Counts results and sums up the 64-bit hashes of their texts, as benchmarks/orders/counting-hash.ts does: the sink that
 * all systems end in. One per thread; totals may be asked for when all threads have ended.
 */
public final class CountingHash {
  private static final List<CountingHash> ALL = new CopyOnWriteArrayList<>();
  private static final VarHandle WORDS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] text = new byte[1024];
  private int length;
  private long results;
  private long sum;

  /** One more of which the totals consist. */
  public static CountingHash create() {
    CountingHash created = new CountingHash();
    ALL.add(created);
    return created;
  }

  public static long totalResults() {
    return ALL.stream().mapToLong(one -> one.results).sum();
  }

  public static long totalHash() {
    return ALL.stream().mapToLong(one -> one.sum).sum();
  }

  /** ASCII text as the next part of the result. */
  public void add(String part) {
    separate();
    for (int i = 0; i < part.length(); i++) text[length++] = (byte) part.charAt(i);
  }

  /** A whole number, in decimal, as the next part of the result. */
  public void add(long number) {
    separate();
    if (number < 0) text[length++] = '-';
    long left = Math.abs(number);
    int digits = 1;
    for (long limit = 10; left >= limit; limit *= 10) digits++;
    length += digits;
    for (int at = length - 1; digits > 0; at--, digits--) {
      text[at] = (byte) ('0' + left % 10);
      left /= 10;
    }
  }

  /** The parts so far are one result. */
  public void end() {
    Arrays.fill(text, length, length + 3, (byte) 0);
    int high = length ^ 0x3c6ef372;
    int low = length ^ 0x1b873593;
    for (int at = 0; at < length; at += 4) {
      int word = (int) WORDS.get(text, at);
      high = (high ^ word) * 0x9e3779b1;
      high ^= high >>> 15;
      low = (low + word) * 0x85ebca77;
      low ^= low >>> 13;
    }
    sum += ((long) spread(high) << 32) + (spread(low) & 0xffffffffL);
    results++;
    length = 0;
  }

  private void separate() {
    if (length > 0) text[length++] = '|';
  }

  private static int spread(int word) {
    int hash = (word ^ (word >>> 16)) * 0x21f0aaad;
    hash = (hash ^ (hash >>> 15)) * 0x735a2d97;
    return hash ^ (hash >>> 15);
  }
}
