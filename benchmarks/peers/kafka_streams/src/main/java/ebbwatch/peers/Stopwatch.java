package ebbwatch.peers;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** Runs from the first record to the last answered write, as that of contest.py; ends the process. */
final class Stopwatch {
    private final OperatingSystemMXBean process =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final long expected;
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong firstMillis = new AtomicLong();
    private volatile long firstCpuNanos;

    Stopwatch(long expected) {
        this.expected = expected;
    }

    void start() {
        if (firstMillis.get() == 0 && firstMillis.compareAndSet(0, System.currentTimeMillis())) {
            firstCpuNanos = process.getProcessCpuTime();
        }
    }

    void wrote(long events) {
        long total = written.addAndGet(events);
        if (total < expected || total - events >= expected) {
            return;
        }
        long last = System.currentTimeMillis();
        double cpu = (process.getProcessCpuTime() - firstCpuNanos) / 1e9;
        double first = firstMillis.get() / 1e3;
        System.out.printf(
            Locale.ROOT,
            "{\"events\": %d, \"seconds\": %.3f, \"cpu_seconds\": %.3f, \"first\": %.3f, \"last\": %.3f}%n",
            total, last / 1e3 - first, cpu, first, last / 1e3);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
