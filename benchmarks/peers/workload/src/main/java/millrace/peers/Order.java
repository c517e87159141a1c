package millrace.peers;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONException;
import com.alibaba.fastjson2.annotation.JSONField;

/** What the queries need of an order. */
public final class Order {
  private static final long ABSENT = Long.MIN_VALUE;

  @JSONField(name = "order_id")
  public String orderId;
  @JSONField(name = "source_system")
  public String sourceSystem;
  @JSONField(name = "user_id")
  public long userId = ABSENT;
  @JSONField(name = "ordered_at")
  public long orderedAt = ABSENT;
  @JSONField(name = "amount_cents")
  public long amountCents = ABSENT;
  @JSONField(name = "status")
  public String status;

  /** Reads an order; null where the value breaks the contract. */
  public static Order parse(byte[] json) {
    try {
      Order order = JSON.parseObject(json, Order.class);
      return order != null && order.isComplete() ? order : null;
    } catch (JSONException breaksContract) {
      return null;
    }
  }

  private boolean isComplete() {
    return orderId != null && sourceSystem != null && status != null
        && userId != ABSENT && orderedAt != ABSENT && amountCents != ABSENT;
  }

  public boolean isPaid() {
    return status.equals("paid");
  }

  /** True for the last order of a partition, which is there to let time pass. */
  public boolean isClosing() {
    return userId < 0;
  }
}
