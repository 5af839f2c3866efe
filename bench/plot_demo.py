#!/usr/bin/env python3
"""Turns what scripts/demo recorded into its table and its plot.

    plot_demo.py FOLDER PHASE...

For each PHASE the folder holds PHASE.json and PHASE.csv from netload, and PHASE.events: a line "START END ACTION FILE" for
each command that was given meanwhile (START and END in seconds since 1970, FILE what it printed as JSON).  Prints the table,
writes latency.svg and latency.png with gnuplot, and returns 1 if a request failed or an update did not do its work.
"""

import json
import pathlib
import statistics
import subprocess
import sys

COLUMNS = ["phase", "requests", "errors", "p50", "p99", "p99.9", "max", "updates", "apply us", "all moved us"]


class Phase:
    def __init__(self, folder, name):
        self.name = name
        self.csv = folder / f"{name}.csv"
        self.load = json.loads((folder / f"{name}.json").read_text())
        self.marks = []  # (seconds after the load began, action)
        self.apply_us = []
        self.settle_us = []
        self.problems = []
        if self.load["errors"]:
            self.problems.append(f"{self.load['errors']} failed requests: {self.load['error_kinds']}")
        if self.load["requests"] == 0:
            self.problems.append("no requests")
        for line in (folder / f"{name}.events").read_text().splitlines():
            start, _, action, file = line.split()
            if action in ("apply", "revert"):
                self.take_update(float(start), action, folder / file)

    def take_update(self, start, action, file):
        self.marks.append((start - self.load["started_at"], action))
        update = json.loads(file.read_text())["updates"][0]
        if not update.get("settled"):
            self.problems.append(f"{file.name}: {action}: not every thread moved: {update}")
            return
        self.apply_us.append(update["apply_us"])
        self.settle_us.append(update["settle_us"])

    def row(self):
        latency = self.load["latency_us"]
        return [self.name, str(self.load["requests"]), str(self.load["errors"]),
                *(f"{latency[key]:.0f}" for key in ("p50", "p99", "p99.9", "max")),
                str(len(self.apply_us)) if self.marks else "-", spread(self.apply_us), spread(self.settle_us)]


def spread(values):
    return f"{statistics.median(values):.0f} ({max(values):.0f})" if values else "-"


def print_table(phases):
    rows = [COLUMNS] + [phase.row() for phase in phases]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    for row in rows:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip())
    print("Latencies in microseconds from the intended time of sending; updates: median (maximum).")


def print_noise(phases):
    """The generator's own delay is in every latency; where it is large, the figures say more about the machine."""
    lag = max(phase.load["send_lag_us"]["p99.9"] for phase in phases)
    if lag > 500:
        print(f"Note: other programs compete for the processors: the load generator itself was up to {lag:.0f} us late "
              "(p99.9). Compare latencies on a quiet machine.")


def plot(folder, phases):
    top = max(phase.load["latency_us"]["max"] for phase in phases) * 2
    script = ["set datafile separator ','", "set logscale y", f"set yrange [10:{top}]", "set format y '10^{%T}'",
              "set ylabel 'latency, us'", "set grid", "set key outside top horizontal",
              f"set multiplot layout {len(phases)},1"]
    for phase in phases:
        script += ["unset arrow", f"set title '{phase.name}: longest and mean latency of every 10 ms' noenhanced"]
        for at, action in phase.marks:
            color = "#008800" if action == "apply" else "#dd8800"
            script.append(f"set arrow from {at:.4f}, graph 0 to {at:.4f}, graph 1 nohead back lc rgb '{color}' dt 2")
        if phase is phases[-1]:
            script.append("set xlabel 'seconds; dashed: green an update is applied, orange it is reverted'")
        script.append(f"plot '{phase.csv}' every ::1 using 1:4 with points pt 7 ps 0.25 lc rgb '#cc0000' title 'longest', "
                      f"'' every ::1 using 1:3 with lines lc rgb '#0044cc' title 'mean'")
    script.append("unset multiplot")
    height = 320 * len(phases)
    for terminal, file in ((f"svg size 1200,{height} dynamic background 'white'", "latency.svg"),
                           (f"pngcairo size 1200,{height}", "latency.png")):
        text = "\n".join([f"set terminal {terminal}", f"set output '{folder / file}'", *script, ""])
        subprocess.run(["gnuplot"], input=text, text=True, check=True)


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(sys.argv[1])
    phases = [Phase(folder, name) for name in sys.argv[2:]]
    print_table(phases)
    print_noise(phases)
    plot(folder, phases)
    for phase in phases:
        for problem in phase.problems:
            print(f"{phase.name}: {problem}", file=sys.stderr)
    return 1 if any(phase.problems for phase in phases) else 0


if __name__ == "__main__":
    sys.exit(main())
