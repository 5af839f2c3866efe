// bench/micro: one process, so that all figures are of one run.  Files are linked in the order calls, apply, moves, parks, machine, and
// Google Benchmark runs in the order of registration: calls.cpp measures the idle sled before any update.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
