// Functions whose convention may keep r11 live have no sled, and a record that says so.
// RUN: %wfclang -O2 %s -o %t && %t && %records %t plain none saves naked main | FileCheck %s
// CHECK-DAG: function plain flags=sled size=0 in=.text {{.*}} plain ok
// CHECK-DAG: function none flags=convention size=0 in=.text {{.*}} none ok
// CHECK-DAG: function saves flags=convention {{.*}} saves ok
// CHECK-DAG: function naked flags=convention {{.*}} naked ok
// CHECK-DAG: function main flags=sled
__attribute__((noinline)) int plain(int x) { return x + 1; }
__attribute__((preserve_none, noinline)) int none(int x) { return x + 1; }
__attribute__((no_caller_saved_registers, target("general-regs-only"), noinline)) void saves(int *p) { ++*p; }
__attribute__((naked)) void naked(void) { __asm__("ret"); }
int main(void) {
  int x = plain(none(0));
  saves(&x);
  naked();
  return x != 3;
}
