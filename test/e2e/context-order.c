// Boost.Context's functions that the program calls past the runtime's, since the library stands before it or is linked statically: no update
// is applied, whatever it changes, and the log says so at load.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: for v in old new; do d=; test $v = new && d=-DNEW; %wfclang -O2 $d -DUNIT -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %wfclang -O2 -c %s -o %t/program.o
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %clang %t/program.o %t/old/unit.o -lboost_context -o %t/earlier %runtime
// RUN: %clang %t/program.o %t/old/unit.o -Wl,-Bstatic -lboost_context -Wl,-Bdynamic -o %t/static %runtime
// RUN: for program in earlier static; do env WFPATCH_LOG=stderr %t/$program %t/update.wfp; done 2>&1 | FileCheck %s
// CHECK: no update can be applied: coroutines are not seen, since {{.*}}libboost_context.so.{{.*}} has Boost.Context's functions and stands before libwfpatch.so
// CHECK: refused: coroutines are not seen
// CHECK: no update can be applied: coroutines are not seen, since {{.*}}/static has Boost.Context's functions
// CHECK: refused: coroutines are not seen

#define _GNU_SOURCE
#include "Inputs/harness.h"

int version(void);

#ifdef UNIT
int version(void) {
#ifdef NEW
  return 2;
#else
  return 1;
#endif
}
#else

typedef struct {
  void *context, *data;
} Transfer;
void *make_fcontext(void *top, size_t size, void (*function)(Transfer));
Transfer jump_fcontext(void *to, void *data);

static char stack[64 * 1024] __attribute__((aligned(16)));

static void fiber(Transfer from) {
  *(int *)from.data = version();
  jump_fcontext(from.context, NULL);
}

int main(int argc, char **argv) {
  int saw = 0;
  char why[1024];
  CHECK(argc == 2);
  CHECK(wfp_apply(argv[1], why, sizeof(why)) != 0);
  jump_fcontext(make_fcontext(stack + sizeof(stack), sizeof(stack), fiber), &saw);
  CHECK(saw == 1);
  return 0;
}
#endif
