package millrace.peers;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the process used when a quarter of the input was read, when all of it was, and in the end. One per process, for Flink
 * copies whatever it is given.
 */
public final class Meter {
  private static final int STEP = 256;
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private static final AtomicLong READ = new AtomicLong();
  private static volatile long records;
  private static volatile Sample quarter;
  private static volatile Sample all;

  /** What was used so far. */
  private record Sample(long records, double cpuMs) {}

  private Meter() {}

  /** Says how many records there are; first of all. */
  public static void expect(long expected) {
    records = expected;
  }

  /** True when the last record was read. */
  public static boolean isAllRead() {
    return all != null;
  }

  /** The figures as JSON, when the results are complete. */
  public static String figures() throws IOException {
    if (quarter == null || all == null) throw new IllegalStateException("read " + READ + " of " + records + " records");
    double wallMs = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    return String.format(
        "{\"records\":%d,\"results\":%d,\"hash\":\"%016x\",\"quarterRecords\":%d,\"quarterCpuMs\":%.1f,\"readCpuMs\":%.1f,"
            + "\"cpuMs\":%.1f,\"wallMs\":%.1f,\"peakRssMiB\":%.1f}",
        READ.get(), CountingHash.totalResults(), CountingHash.totalHash(), quarter.records, quarter.cpuMs, all.cpuMs,
        cpuMs(), wallMs, peakRssMiB());
  }

  /** Counts the records that one thread reads, and tells the meter of them in steps. */
  public static final class Reader {
    private int fresh;

    /** One record more; `isClosing` for the last one of a partition, which may be the last one of this thread. */
    public void count(boolean isClosing) {
      fresh++;
      if (fresh < STEP && !isClosing) return;
      long now = READ.addAndGet(fresh);
      fresh = 0;
      if (quarter == null && 4 * now >= records) quarter = new Sample(now, cpuMs());
      // More than there are, where a system had to read some again: the results will tell.
      if (all == null && now >= records) all = new Sample(now, cpuMs());
    }
  }

  private static double cpuMs() {
    return SYSTEM.getProcessCpuTime() / 1e6;
  }

  private static double peakRssMiB() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) return Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024;
    }
    return 0;
  }
}
