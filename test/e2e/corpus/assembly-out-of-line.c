// Inline assembly that puts code out of line, into a section where no symbol names it: it comes along with the functions that lead to it,
// and that it leads back to; where nothing changed, there is no change.
// RUN: env CORPUS_ANY=1 %corpus %s %t -O0
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function below
// DIFF: replaced function other
#include "Inputs/corpus.h"

int below(int), other(int);

#ifndef PROGRAM
#define ADD_IF_NEGATIVE(x, number) \
  __asm__ volatile("test %0, %0\n js 1f\n2:\n .pushsection .text.slow,\"ax\"\n1: add $" number ", %0\n jmp 2b\n .popsection" \
                   : "+r"(x) \
                   : \
                   : "cc")
int below(int x) {
  ADD_IF_NEGATIVE(x, OLD_NEW("100", "1000"));
  return x + 1;
}
// Shares the section with the other.
int other(int x) {
  ADD_IF_NEGATIVE(x, "10");
  return x + 2;
}
#else
int main(int argc, char **argv) {
  (void)argc;
  CHECK(below(1) == 2 && below(-1) == 100 && other(1) == 3 && other(-1) == 11);
  apply(argv[1]);
  CHECK(below(1) == 2 && below(-1) == 1000 && other(1) == 3 && other(-1) == 11);
  revert();
  CHECK(below(1) == 2 && below(-1) == 100 && other(1) == 3 && other(-1) == 11);
  return 0;
}
#endif
