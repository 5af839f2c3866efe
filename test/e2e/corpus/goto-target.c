// Only where a jump leads changes, a displacement that no relocation shows.
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function jump
// DIFF: replaced function other_arm
#include "Inputs/corpus.h"

int jump(void), other_arm(int), same(void);

#ifndef PROGRAM
int jump(void) {
  int value = 0;
  __asm__ goto("jmp " OLD_NEW("%l0", "%l1") : : : : first, second);
  value += 100;
first:
  __asm__ volatile("add $10, %0" : "+r"(value));
second:
  __asm__ volatile("add $1, %0" : "+r"(value));
  return value;
}
// The compiler's own jump.
int other_arm(int value) {
  if (value > 3)
    goto OLD_NEW(twice, thrice);
  value = -value;
  __asm__ volatile("" : "+r"(value));
twice:
  value *= 2;
  __asm__ volatile("" : "+r"(value));
thrice:
  value *= 3;
  __asm__ volatile("" : "+r"(value));
  return value;
}
int same(void) {
  __asm__ goto("jmp %l0" : : : : end);
  return 1;
end:
  return 2;
}
#else

int main(int argc, char **argv) {
  CHECK(argc == 3);
  for (int round = 0; round < 2; ++round) {
    CHECK(jump() == 11 && other_arm(4) == 24 && other_arm(1) == -6 && same() == 2);
    apply(argv[1]);
    CHECK(jump() == 1 && other_arm(4) == 12 && other_arm(1) == -6 && same() == 2);
    revert();
  }
  return 0;
}
#endif
