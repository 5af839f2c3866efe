"""Figures of latency benchmarks: quantiles of added-up histograms, and what a process has used."""

import contextlib
import math
import os
import shutil
import statistics
from pathlib import Path


def add_bins(reports):
    """The bins of several reports of server-load as one sorted list of [upper edge in us, count]."""
    total = {}
    for report in reports:
        for upper, count in report["bins_us"]:
            total[upper] = total.get(upper, 0) + count
    return sorted(total.items())


def coarser(bins, width):
    """The same in bins whose upper edges are powers of 1 + width: what is kept of a run need not be finer than it is repeatable."""
    total = {}
    for upper, count in bins:
        edge = round((1 + width) ** math.ceil(math.log(upper, 1 + width)), 1) if upper > 0 else 0.0
        total[edge] = total.get(edge, 0) + count
    return [list(bin) for bin in sorted(total.items())]


def quantile(bins, fraction):
    """The upper edge of the bin that holds the given fraction of all; never understated."""
    count = sum(n for _, n in bins)
    seen = 0
    for upper, n in bins:
        seen += n
        if seen >= fraction * count:
            return upper
    return 0.0


def above(bins):
    """For a plot: (latency, fraction of requests that took longer), at each bin's edge."""
    count = sum(n for _, n in bins)
    seen = 0
    for upper, n in bins:
        seen += n
        if seen < count:
            yield upper, (count - seen) / count


def median_and_quartiles(values):
    """(median, lower quartile, upper quartile); of fewer than three values, their extremes."""
    values = sorted(values)
    if len(values) < 3:
        return statistics.median(values), values[0], values[-1]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def median_and_interval(values):
    """(median, and from where to where the true one lies with 95 % probability, by order statistics)"""
    values, n = sorted(values), len(values)
    reach = 0.98 * math.sqrt(n)
    return statistics.median(values), values[max(0, math.floor(n / 2 - reach))], values[min(n - 1, math.ceil(n / 2 + reach))]


def mean_and_interval(values):
    """(mean, and from where to where the true one lies with 95 % probability, if there are many)"""
    mean = statistics.fmean(values)
    reach = 1.96 * statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0
    return mean, mean - reach, mean + reach


def cpu_seconds(pids):
    """Processor time, user and system, that the threads of these processes that are alive have used."""
    return sum(int(task.read_text().split()[0]) for pid in pids for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def cpu_seconds_with_ended(pids):
    """The same with threads that have ended and children that have been waited for, to 0.01 s."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # it has just ended
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def emptied(folder):
    """The folder, with nothing in it: a test's results must be its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def resident_kb(pids):
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def machine():
    model = next((l.partition(":")[2].strip() for l in Path("/proc/cpuinfo").read_text().splitlines()
                  if l.startswith("model name")), "unknown processor")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1048576
    return f"{os.cpu_count()} CPUs ({model}), {memory:.0f} GiB, Linux {os.uname().release}"


@contextlib.contextmanager
def only_when_idle(cpu):
    """Meanwhile this process, and what it starts, runs on this processor, and only when that has nothing else to do.

    Only root may leave SCHED_IDLE again."""
    cpus, policy, param = os.sched_getaffinity(0), os.sched_getscheduler(0), os.sched_getparam(0)
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, param)
        os.sched_setaffinity(0, cpus)


def two_processors():
    """One processor for the server and one for the load; the same one twice where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]
