// OpenMP (LLVM's): workers that wait for work are moved once they have stopped spinning; busy ones at their loops.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -fopenmp -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang -fopenmp %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: env OMP_NUM_THREADS=4 KMP_BLOCKTIME=0 %t/program %t/update.wfp

#include "Inputs/harness.h"
#include <omp.h>
#include <stdatomic.h>

int version(void);

#ifndef PROGRAM
int version(void) {
#ifdef NEW
  return 2;
#else
  return 1;
#endif
}
#else

// The sum over four threads.
static int versions(void) {
  int sum = 0;
#pragma omp parallel num_threads(4) reduction(+ : sum)
  sum += version();
  return sum;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  CHECK(versions() == 4);
  apply(argv[1]); // the three workers are idle
  CHECK(versions() == 8);
  revert();
  CHECK(versions() == 4);

  // Busy: each turn calls, so that each turn polls.
  atomic_int turns = 0, applied = 0, wrong = 0;
#pragma omp parallel num_threads(4)
  {
#pragma omp master
    {
      WAIT_UNTIL(turns > 100);
      apply(argv[1]);
      applied = 1;
    }
    while (!applied) {
      int seen = version();
      wrong += seen != 1 && seen != 2;
      ++turns;
    }
    wrong += version() != 2;
  }
  CHECK(!wrong);
  return 0;
}
#endif
