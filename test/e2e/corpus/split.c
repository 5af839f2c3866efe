// Functions of which the compiler splits a part off: only the part changes, or only what stays.
// RUN: printf '!part\n!!0\n!main_part\n!!0\n' > %t.blocks
// RUN: %corpus %s %t -O2 -fbasic-block-sections=list=%t.blocks
// DIFF: replaced function part
// DIFF: replaced function main_part
#include "Inputs/corpus.h"

int part(int), main_part(int), rare(int);

#ifndef PROGRAM
int part(int value) {
  if (value > 100) {
    value = rare(value);
    value = rare(value + OLD_NEW(1, 2));
  }
  return value + 1;
}
int main_part(int value) {
  if (value > 100) {
    value = rare(value);
    value = rare(value + 1);
  }
  return value + OLD_NEW(1, 2);
}
#else

int rare(int value) { return value * 2; }
int main(int argc, char **argv) {
  (void)argc;
  CHECK(part(1) == 2 && part(200) == 803 && main_part(1) == 2 && main_part(200) == 803);
  apply(argv[1]);
  CHECK(part(1) == 2 && part(200) == 805 && main_part(1) == 3 && main_part(200) == 804);
  revert();
  CHECK(part(1) == 2 && part(200) == 803 && main_part(1) == 2 && main_part(200) == 803);
}
#endif
