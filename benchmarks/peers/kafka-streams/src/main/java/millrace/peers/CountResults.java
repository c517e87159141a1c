package millrace.peers;

import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;

/** Counts and hashes results; `text` adds the parts of one. */
final class CountResults<K, V> implements Processor<K, V, Void, Void> {
  /** Adds the parts of a result. */
  @FunctionalInterface
  interface Text<K, V> {
    void add(K key, V value, CountingHash hash);
  }

  private final CountingHash hash = CountingHash.create();
  private final Text<K, V> text;

  CountResults(Text<K, V> text) {
    this.text = text;
  }

  @Override
  public void process(Record<K, V> result) {
    text.add(result.key(), result.value(), hash);
    hash.end();
  }
}
