package millrace.peers;

import java.io.Serializable;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** Counts and hashes results; `text` adds the parts of one. */
public final class CountingSink<T> implements Sink<T> {
  /** Adds the parts of a result. */
  @FunctionalInterface
  public interface Text<T> extends Serializable {
    void add(T result, CountingHash hash);
  }

  private final Text<T> text;

  public CountingSink(Text<T> text) {
    this.text = text;
  }

  @Override
  public SinkWriter<T> createWriter(WriterInitContext context) {
    CountingHash hash = CountingHash.create();
    return new SinkWriter<>() {
      @Override
      public void write(T result, Context ignored) {
        text.add(result, hash);
        hash.end();
      }

      @Override
      public void flush(boolean endOfInput) {}

      @Override
      public void close() {}
    };
  }
}
