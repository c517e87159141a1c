package millrace.peers;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;

/** One block cache for all stores instead of 50 MB each, larger write buffers, bloom filters for them as well as for files. */
public final class LargerRocks implements RocksDBConfigSetter {
  private static final Cache CACHE = new LRUCache(512L << 20);
  private static final long WRITE_BUFFER_BYTES = 64L << 20;
  private static final double WRITE_BUFFER_FILTER_SHARE = 0.1;

  private final BloomFilter filter = new BloomFilter();

  @Override
  public void setConfig(String store, Options options, Map<String, Object> settings) {
    BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
    table.setBlockCache(CACHE);
    table.setFilterPolicy(filter);
    options.setTableFormatConfig(table);
    options.setWriteBufferSize(WRITE_BUFFER_BYTES);
    // Most keys are looked for in vain.
    options.setMemtableWholeKeyFiltering(true);
    options.setMemtablePrefixBloomSizeRatio(WRITE_BUFFER_FILTER_SHARE);
  }

  @Override
  public void close(String store, Options options) {
    filter.close();
  }
}
