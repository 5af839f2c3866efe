// Expansions of __LINE__ that became code, by function: written, through macros and their arguments, by the builtin; not
// those that only became text, or that are in functions nobody needs.
// RUN: %wfclang -O2 -c %s -o %t.o && %info %t.o | FileCheck %s
// CHECK-NOT: line unused
// CHECK: line checks #0 = 101
// CHECK-NEXT: line checks #1 = 103
// CHECK-NEXT: line checks #2 = 104
// CHECK-NEXT: line checks #3 = 105
// CHECK-NEXT: line checks #4 = 106
// CHECK-NEXT: line second #0 = 109
// CHECK-NOT: line
void failed(const char *text, int line);
#define STRING2(x) #x
#define STRING(x) STRING2(x)
#define CHECK(x) ((x) ? (void)0 : failed(#x, __LINE__))
#define PASS(x) (x)
#define PASS2(x) PASS(x)
static inline void unused(void) { failed("", __LINE__); }
void checks(int x) {
#line 101
  failed("", __LINE__);
  failed("at " STRING(__LINE__), 102);
  CHECK(x > 3);
  failed("", PASS2(__LINE__));
  PASS2(CHECK(x));
  failed("", __builtin_LINE());
}
int second(void) {
  return __LINE__;
}
