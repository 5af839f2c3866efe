// What records say about linkage, visibility, escaping addresses and the shape of functions.
// RUN: %wfclang -O2 -fPIC -shared %s -o %t && %records %t exported hidden protected weak local other passed counter fixed big ends forever sections | FileCheck %s
// RUN: %wfclang -O0 -fPIC -shared %s -o %t && %records %t exported hidden protected weak local other passed counter fixed big ends forever sections | FileCheck %s
// CHECK-DAG: function exported flags=sled {{.*}} exported ok
// CHECK-DAG: function hidden flags=hidden,sled {{.*}} hidden ok
// CHECK-DAG: function protected flags=hidden,sled {{.*}} protected ok
// CHECK-DAG: function weak flags=weak,address-taken,sled {{.*}} weak ok
// CHECK-DAG: function local flags=local,sled {{.*}} local ok
// CHECK-DAG: function other flags=sled {{.*}} other ok
// CHECK-DAG: function passed flags=local,address-taken,sled {{.*}} passed ok
// CHECK-DAG: function ends flags=sled,noreturn {{.*}} ends ok
// CHECK-DAG: function forever flags=sled,{{(noreturn,)?}}endless-loop {{.*}} forever ok
// CHECK-DAG: function sections flags=sled size=0 in=my_code {{.*}} sections ok
// CHECK-DAG: variable counter flags=local size=4 in=.data {{.*}} counter ok
// CHECK-DAG: variable fixed flags=local,address-taken,constant size=8 in=.rodata {{.*}} fixed ok
// CHECK-DAG: variable big flags=address-taken size=4096 in=.bss {{.*}} big ok
void sink(const void *);
void leave(void) __attribute__((noreturn));
static int counter = 3;
static const int fixed[2] = {1, 2};
char big[4096];
static __attribute__((noinline)) int local(int x) { return x + counter++; }
static int passed(int x) { return x; }
__attribute__((visibility("hidden"))) int hidden(int x) { return x; }
__attribute__((visibility("protected"))) int protected(int x) { return x; }
__attribute__((weak)) int weak(int x) { return x; }
int exported(int x) {
  sink(passed);
  sink(fixed);
  sink(big);
  return local(x) + hidden(x) + protected(x);
}
int other(int) __attribute__((alias("exported")));
int (*stored)(int) = weak;
__attribute__((noreturn)) void ends(void) { leave(); }
void forever(void) {
  for (;;)
    sink(0);
}
__attribute__((section("my_code"))) int sections(int x) { return x; }
