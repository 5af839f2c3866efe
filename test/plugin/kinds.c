// Symbols of unusual kinds: each is recorded or deliberately not, links and runs.
// RUN: %wfclang -O2 -fcommon %s -o %t -Wl,--fatal-warnings && %t && %records %t same same.1 plain_name aliased weak_alias tentative retained shared_tls resolved resolve from_asm in_section first second main | FileCheck %s
// RUN: %wfclang -O0 -fcommon -no-pie -fuse-ld=lld %s -o %t && %t && %records %t same plain_name aliased weak_alias tentative retained shared_tls resolved resolve from_asm in_section first second main | FileCheck %s
// RUN: %wfclang -O2 -fcommon -fPIC -shared %s -o %t.so -Wl,-z,text -Wl,--fatal-warnings && %records %t.so tentative aliased | FileCheck --check-prefix=SHARED %s
// An asm label is the name that counts; an alias has a record of its own with its own linkage.
// CHECK-DAG: function plain_name flags=sled {{.*}} plain_name ok
// CHECK-DAG: function aliased flags=sled {{.*}} aliased ok
// CHECK-DAG: function weak_alias flags=weak,sled {{.*}} weak_alias ok
// The resolver of an ifunc is a function; the ifunc is none.
// CHECK-DAG: function resolve flags=local,sled {{.*}} resolve ok
// CHECK-DAG: function same flags=local,sled {{.*}} same ok
// CHECK-DAG: variable first flags={{(address-taken)?-?}} size=4 {{.*}} first ok
// CHECK-DAG: variable second flags={{(address-taken)?-?}} size=4 {{.*}} second ok
// CHECK-DAG: variable in_section flags={{.*}} size=4 in=my_data {{.*}} in_section ok
// In an executable a common symbol is where the linker put it; in a shared object the dynamic linker chooses.
// CHECK-DAG: variable tentative flags=weak size=4 {{.*}} tentative ok
// SHARED-NOT: tentative
// SHARED: function aliased
// SHARED-NOT: tentative
static __attribute__((noinline)) int same(int x) {
  static int same = 1;
  return x + same++;
}
int declared(int) __asm__("plain_name");
int declared(int x) { return same(x); }
int aliased(int x) { return x; }
int weak_alias(int) __attribute__((weak, alias("aliased")));
int tentative;
__attribute__((section("my_data"))) int in_section = 4;
int first = 1, second = 2;
__thread int shared_tls = 5;
static int one(void) { return 1; }
static int (*resolve(void))(void) { return one; }
int resolved(void) __attribute__((ifunc("resolve")));
__asm__(".text\n.globl from_asm\nfrom_asm: mov $7, %eax\n ret\n");
int from_asm(void);
int main(void) {
  __asm__ volatile("# %0" ::"r"(first));
  return declared(1) + aliased(1) + weak_alias(1) + tentative + in_section + first + second + shared_tls + resolved() +
             from_asm() !=
         24 - 0 * tentative;
}
