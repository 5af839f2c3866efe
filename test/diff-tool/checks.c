// -fsanitize=undefined describes each check by a variable of its own.  Where the check is, is no change; what it says is.
// RUN: mkdir -p %t && cp %s %t/unit.c && cd %t
// RUN: for version in OLD MOVED SAYS; do %wfclang -O2 -fsanitize=undefined -D$version -c unit.c -o $version.o || exit; done
// RUN: not %wfdiff OLD.o MOVED.o -o u.wfp 2>&1 | FileCheck --check-prefix=MOVED %s
// RUN: %wfdiff OLD.o SAYS.o -o u.wfp --explain | FileCheck --check-prefix=SAYS %s
// MOVED: no change
// SAYS: replaced function add: at {{.*}}wfp.check{{.*}}constant
// SAYS: wfdiff: 1 replaced, 0 added, 0 removed functions, 0 new data
#ifdef SAYS
typedef int number; // a check says of what type the operands are
#else
typedef int counter;
#define number counter
#endif
#ifdef MOVED
#line 500
#endif
number last;
number add(number a) { return last += a; }
void clear(int *to) { *to = 0; }
