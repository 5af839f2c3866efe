// Linkers that fold functions with the same code into one (--icf, lld and gold) fold none that an update could change: an update of one
// would change the others, whose records lld has dropped.  Functions compiled without the plugin show that they do fold.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/one %t/both
// RUN: %wfclang -O2 -fno-pie -DPROGRAM -c %s -o %t/program.o && %clang -O2 -ffunction-sections -fno-pie -I%root/runtime/include -DPLAIN -c %s -o %t/plain.o
// RUN: for v in old one both; do for u in a b; do %wfclang -O2 -fno-pie -DUNIT_$u -DV_$v -c %s -o %t/$v/$u.o || exit 1; done; done
// RUN: %wfdiff %t/old %t/one -o %t/one.wfp && %wfdiff %t/old %t/both -o %t/both.wfp
// RUN: for linker in lld gold; do \
// RUN:   %clang -no-pie -fuse-ld=$linker -Wl,--icf=all %t/program.o %t/plain.o %t/old/a.o %t/old/b.o -o %t/$linker %runtime || exit 1; \
// RUN:   %t/$linker %t/one.wfp %t/both.wfp || exit 1; done

#include "Inputs/harness.h"

int f(int), g(int), call_f(int), call_g(int), plain_f(int), plain_g(int);
void *plain_f_address(void), *plain_g_address(void);

#if defined(PLAIN)
int plain_f(int value) { return value * 42 + 4; }
int plain_g(int value) { return value * 42 + 4; }
void *plain_f_address(void) { return (void *)plain_f; }
void *plain_g_address(void) { return (void *)plain_g; }
#elif defined(UNIT_a)
#ifdef V_old
#define CHANGE
#else
#define CHANGE __asm__ volatile("add $1, %0" : "+r"(value));
#endif
__attribute__((noinline)) int f(int value) {
  CHANGE
  return value * 21 + 4;
}
int call_f(int value) { return f(value) + 1; }
#elif defined(UNIT_b)
#ifdef V_both
#define CHANGE __asm__ volatile("add $1, %0" : "+r"(value));
#else
#define CHANGE
#endif
__attribute__((noinline)) int g(int value) {
  CHANGE
  return value * 21 + 4;
}
int call_g(int value) { return g(value) - 1; }
#else

int main(int argc, char **argv) {
  CHECK(argc == 3);
  CHECK(plain_f_address() == plain_g_address() && plain_f(1) == 46);
  CHECK(call_f(1) == 26 && call_g(1) == 24);
  apply(argv[1]);
  CHECK(call_f(1) == 47 && call_g(1) == 24);
  revert();
  apply(argv[2]);
  CHECK(call_f(1) == 47 && call_g(1) == 45);
  revert();
  CHECK(call_f(1) == 26 && call_g(1) == 24);
  return 0;
}
#endif
