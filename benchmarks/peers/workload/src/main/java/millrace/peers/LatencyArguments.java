package millrace.peers;

/**
 * What a peer is asked to do where latency is measured: it runs until it is told to end. `directory` is for its state, `threads` is its
 * parallelism.
 */
public record LatencyArguments(
    String query, String brokers, String input, String output, String directory, int threads) {
  public static LatencyArguments of(String[] args) {
    return new LatencyArguments(args[0], args[1], args[2], args[3], args[4], Integer.parseInt(args[5]));
  }

  public IllegalArgumentException unknownQuery() {
    return new IllegalArgumentException("there is no query " + query);
  }
}
