// bench/micro: one process, so that all figures are of one run.  Files are linked in the order calls, apply, moves, and
// Google Benchmark runs in the order of registration; see calls.cpp for why that matters.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
