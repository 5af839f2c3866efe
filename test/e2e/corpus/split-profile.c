// -fsplit-machine-functions with a profile: one function changes in its cold part, one in its hot part.
// RUN: printf 'part:100000:10000\n 1: 10000\n 2: 0\n 3: 0\n 5: 10000\nmain_part:100000:10000\n 1: 10000\n 2: 0\n 3: 0\n 5: 10000\n' > %t.profile
// RUN: %corpus %s %t -O2 -g -fprofile-sample-use=%t.profile -fsplit-machine-functions -Wno-backend-plugin
// RUN: llvm-readelf -sW %t/old/unit.o | FileCheck %s
// CHECK-DAG: {{ }}part.cold
// CHECK-DAG: {{ }}main_part.cold
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
