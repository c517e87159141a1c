package millrace.peers;

/** What a peer is asked to do. `records` are those in the topic, closing orders included; `directory` is for its state. */
public record Arguments(String query, String brokers, String topic, long records, String directory) {
  public static Arguments of(String[] args) {
    return new Arguments(args[0], args[1], args[2], Long.parseLong(args[3]), args[4]);
  }

  public IllegalArgumentException unknownQuery() {
    return new IllegalArgumentException("there is no query " + query);
  }
}
