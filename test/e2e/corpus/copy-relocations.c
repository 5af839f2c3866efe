// A program that is not position-independent and was compiled without the plugin holds a copy of a library's variable, and its own
// PLT entry is the address of a library's function in the whole process: an update of the library uses both.
// RUN: %corpus %s %t -O2 -fno-pie
// RUN: %corpus %s %t.lld -O2 -fno-pie -fuse-ld=lld
// UNITS: library
// SHARED: liblibrary.so library
// DIFF: replaced function bump
// DIFF: replaced function read_copied
// DIFF: replaced function address_of_variable
// DIFF: replaced function address_of_function
// DIFF: replaced function callback
// DIFF: replaced function call_it
#include "Inputs/corpus.h"

extern int copied, library_only;
int bump(void), read_copied(void), callback(int), call_it(int);
int *address_of_variable(void);
int (*address_of_function(void))(int);

#ifdef UNIT_library
int copied = 7, library_only = 1;
int bump(void) { return OLD_NEW(++copied, (copied += 10)) + ++library_only; }
int read_copied(void) { return copied * OLD_NEW(1, 2); }
#ifdef NEW
int *address_of_variable(void) { return &copied + (library_only < 0); }
int (*address_of_function(void))(int) { return library_only < 0 ? 0 : callback; }
#else
int *address_of_variable(void) { return &copied; }
int (*address_of_function(void))(int) { return callback; }
#endif
NOINLINE int callback(int value) { return value + OLD_NEW(100, 200); }
int call_it(int value) { return callback(value) * OLD_NEW(1, 10); }
#else

// What a compiler without the plugin makes of `&copied` and `callback` here.
static int *copy(void) {
  int *address;
  __asm__("mov $copied, %k0" : "=r"(address));
  return address;
}
typedef int (*Function)(int);
static Function canonical(void) {
  Function address;
  __asm__("mov $callback, %k0" : "=r"(address));
  return address;
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  CHECK((unsigned long)copy() < 0x80000000 && (unsigned long)canonical() < 0x80000000);
  for (int round = 0; round < 2; ++round) {
    *copy() = 7;
    int only = library_only;
    CHECK(bump() == 8 + only + 1 && *copy() == 8 && read_copied() == 8);
    CHECK(address_of_variable() == copy() && address_of_function() == canonical());
    CHECK(canonical()(1) == 101 && call_it(1) == 101);
    apply(argv[1]);
    CHECK(bump() == 18 + only + 2 && *copy() == 18 && read_copied() == 36);
    CHECK(address_of_variable() == copy() && address_of_function() == canonical());
    CHECK(canonical()(1) == 201 && call_it(1) == 2010);
    revert();
  }
  return 0;
}
#endif
