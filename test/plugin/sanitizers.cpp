// Sanitizers leave records, sleds and polls alone, and find nothing in them.  (LLVM 19's run-time parts are not installed
// everywhere.)
// REQUIRES: llvm-22
// RUN: %wfclangxx -O1 -g -fsanitize=address,undefined %s -o %t && %t && %records %t _Z4stepi counter main | FileCheck %s
// RUN: %wfclangxx -O2 -fsanitize=thread %s -o %t && %t && %records %t _Z4stepi counter main | FileCheck %s
// RUN: %wfclangxx -O2 -fsanitize=function -fno-sanitize-recover=all %s -o %t && %t && %records %t _Z4stepi counter main | FileCheck %s
// CHECK-DAG: function _Z4stepi flags={{.*}}sled {{.*}} _Z4stepi ok
// CHECK-DAG: function main flags={{.*}}sled {{.*}} main ok
// CHECK-DAG: variable counter flags={{.*}} size={{4|32}} {{.*}} counter ok
int counter = 1;
static __thread int turns; // its record names the unit's by the assembler's label, which a red zone would take away
__attribute__((noinline)) int step(int x) { return ++turns, x + counter++; }
int main() {
  int (*volatile pointer)(int) = step;
  int sum = 0;
  for (int i = 0; i < 20; ++i)
    sum += pointer(i);
  return sum != 400 || turns != 20;
}
