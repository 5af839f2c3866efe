// AddressSanitizer's tables of variables are read when the program starts: refused by name, once for the unit.
// RUN: mkdir -p %t && %wfclang -O1 -fsanitize=address -c %s -o %t/old.o && %wfclang -O1 -fsanitize=address -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// RUN: %wfclang -O1 -fsanitize=hwaddress -mllvm -hwasan-globals=0 -c %s -o %t/old.o && %wfclang -O1 -fsanitize=hwaddress -mllvm -hwasan-globals=0 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: (unit): is compiled with -fsanitize={{(hw)?}}address, whose run-time learns of variables and constants only when the program starts; build OLD and NEW without it
#ifdef NEW
#define STEP 2
#else
#define STEP 1
#endif
static int state;
int step(void) { return state += STEP; }
