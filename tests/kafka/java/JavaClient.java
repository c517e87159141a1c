import java.io.BufferedReader;
import java.io.InputStreamReader;

/**
 * Fills topics with Java's producers and reads them with its consumer, as it is told on stdin: a command a line, answered with one
 * JSON line per record and `{"done":true}`. What is random comes from the seed. Arguments: brokers, seed.
 */
public class JavaClient {
  private final Cluster cluster;
  private final PlainTopics plain;
  private final TransactionalTopics transactional;
  private final ShrinkingTopics shrinking;

  public static void main(String[] args) throws Exception {
    var client = new JavaClient(args[0], Long.parseLong(args[1]));
    var commands = new BufferedReader(new InputStreamReader(System.in));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      client.run(line.split(" "));
      System.out.println("{\"done\":true}");
    }
    // Producers of transactions that were never ended would hold it up.
    System.exit(0);
  }

  private JavaClient(String brokers, long seed) {
    cluster = new Cluster(brokers);
    var random = new RandomRecords(seed);
    plain = new PlainTopics(cluster, random);
    transactional = new TransactionalTopics(cluster, random);
    shrinking = new ShrinkingTopics(cluster, random);
  }

  private void run(String[] words) throws Exception {
    String topic = words[1];
    switch (words[0]) {
      case "codecs" -> plain.codecs(topic);
      case "split" -> plain.split(topic);
      case "large" -> plain.large(topic);
      case "timestamps" -> plain.timestamps(topic, words[2]);
      case "transactions" -> transactional.atRandom(topic);
      case "hold" -> transactional.hold(topic);
      case "end" -> transactional.end(topic, words[2]);
      case "compacted" -> shrinking.compacted(topic);
      case "roll" -> shrinking.roll(topic);
      case "trimmed" -> shrinking.trimmed(topic);
      case "trim" -> shrinking.trim(topic, Long.parseLong(words[2]));
      case "read" -> cluster.read(topic, words[2]);
      default -> throw new IllegalArgumentException("unknown command " + words[0]);
    }
  }
}
