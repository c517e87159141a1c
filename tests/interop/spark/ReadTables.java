import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;

/**
 * Delta tables as Spark sees them. Arguments: of each table its path, and the columns to filter by, joined by commas. Prints
 * one line of JSON, by paths: {columns: {name: type}, rows: [{name: text or null}], filters: {found, skipped, wrong}}. Cells are
 * texts as cells.py shows them. A filter asks for every row with one of the values of one column: `found` rows, for which
 * `skipped` files were not read.
 */
final class ReadTables {
  /** Queries take their time, so not every value of a table is asked for. */
  private static final int VALUES_PER_COLUMN = 1;

  public static void main(String[] arguments) throws Exception {
    try (SparkSession spark = session()) {
      Map<String, Object> seen = new LinkedHashMap<>();
      for (int i = 0; i < arguments.length; i += 2) {
        Dataset<Row> table = spark.read().format("delta").load(arguments[i]);
        List<Row> rows = table.collectAsList();
        Map<String, Object> found = new Filters(table, rows).ask(List.of(arguments[i + 1].split(",")));
        seen.put(arguments[i], Map.of("columns", columns(table), "rows", cells(rows), "filters", found));
      }
      System.out.println(new ObjectMapper().writeValueAsString(seen));
    }
  }

  private static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .config("spark.log.level", "ERROR")
        .config("spark.ui.enabled", false)
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.datetime.java8API.enabled", true)
        // Made for clusters, these cost seconds with tables of some rows.
        .config("spark.sql.shuffle.partitions", 1)
        .config("spark.databricks.delta.snapshotPartitions", 1)
        .getOrCreate();
  }

  private static Map<String, String> columns(Dataset<Row> table) {
    Map<String, String> types = new LinkedHashMap<>();
    for (StructField field : table.schema().fields()) types.put(field.name(), field.dataType().simpleString());
    return types;
  }

  private static List<Map<String, String>> cells(List<Row> rows) {
    List<Map<String, String>> cells = new ArrayList<>();
    for (Row row : rows) {
      Map<String, String> texts = new LinkedHashMap<>();
      for (int i = 0; i < row.size(); i++) texts.put(row.schema().fields()[i].name(), text(row.get(i)));
      cells.add(texts);
    }
    return cells;
  }

  private static String text(Object value) {
    if (value instanceof byte[] bytes) return HexFormat.of().formatHex(bytes);
    if (value instanceof BigDecimal decimal) return decimal.toPlainString();
    if (value instanceof Instant moment) return String.valueOf(ChronoUnit.MICROS.between(Instant.EPOCH, moment));
    return value == null ? null : value.toString();
  }

  /** Looks for rows by their values, where Spark skips files by partitions and statistics. */
  private record Filters(Dataset<Row> table, List<Row> rows) {
    Map<String, Object> ask(List<String> names) {
      int files = table.inputFiles().length;
      long found = 0;
      long skipped = 0;
      List<String> wrong = new ArrayList<>();
      for (String name : names) {
        int column = table.schema().fieldIndex(name);
        for (Object value : values(column)) {
          Dataset<Row> kept = table.filter(functions.col(name).equalTo(functions.lit(value)));
          long expected = count(column, value);
          long actual = kept.count();
          found += actual;
          skipped += files - kept.inputFiles().length;
          if (actual != expected) wrong.add(name + " = " + text(value) + ": " + actual + " of " + expected);
        }
      }
      return Map.of("found", found, "skipped", skipped, "wrong", wrong);
    }

    private List<Object> values(int column) {
      Map<Object, Object> values = new LinkedHashMap<>();
      for (Row row : rows) {
        Object value = row.get(column);
        if (value != null && values.size() < VALUES_PER_COLUMN) values.putIfAbsent(keyOf(value), value);
      }
      return new ArrayList<>(values.values());
    }

    private long count(int column, Object value) {
      return rows.stream().filter(row -> row.get(column) != null && keyOf(row.get(column)).equals(keyOf(value))).count();
    }

    /** Equal where Spark holds values to be equal. */
    private static Object keyOf(Object value) {
      if (value instanceof byte[] bytes) return ByteBuffer.wrap(bytes);
      // Minus zero is found together with zero.
      if (value instanceof Double number) return number + 0.0;
      return value;
    }
  }
}
