package millrace.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/** Results as JSON, as Millrace writes them. All text is ASCII and needs no escapes. For one thread each. */
public final class ResultJson {
  private final StringBuilder text = new StringBuilder(256);

  /** A projected order. */
  public byte[] of(Order order) {
    text.setLength(0);
    text.append("{\"order_id\":\"").append(order.orderId);
    text.append("\",\"user_id\":").append(order.userId);
    text.append(",\"ordered_at\":").append(order.orderedAt);
    text.append(",\"amount_cents\":").append(order.amountCents).append('}');
    return bytes();
  }

  /** Number and sum of a user's window; `user` is a number or its text. */
  public byte[] of(Object user, long start, long count, long sum) {
    text.setLength(0);
    text.append("{\"user_id\":").append(user);
    text.append(",\"window_start\":").append(start);
    text.append(",\"n\":").append(count);
    text.append(",\"total\":").append(sum).append('}');
    return bytes();
  }

  private byte[] bytes() {
    return text.toString().getBytes(ISO_8859_1);
  }
}
