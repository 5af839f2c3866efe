// Names with external linkage that a macro makes of __LINE__: refused where another unit uses one that means something else now, and
// where a function that may be called through its address cannot be told from what else is in NEW.
// RUN: mkdir -p %t/old %t/new && cd %t
// RUN: %wfclang -O2 -c %s -o old/a.o && %wfclang -O2 -DNEW -c %s -o new/a.o
// RUN: %wfclang -O2 -DOTHER -c %s -o old/b.o && cp old/b.o new/b.o
// RUN: not %wfdiff old new -o u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK-DAG: refused: new/a.o: handler_201: has its name from its line or a counter, and it cannot be told whether it has become one of handler_201, handler_203, or is gone; its address may still be held
// CHECK-DAG: refused: new/a.o: gone_401: has its name from its line or a counter, has no counterpart in NEW, and another unit uses gone_401: give it a name of its own
// CHECK-DAG: refused: new/a.o: shared_301: has its name from its line or a counter, is shared_302 now, and another unit uses shared_301: give it a name of its own
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
void hold(int (*)(int));
#ifndef OTHER
#define HANDLER(...) \
  static int PASTE(handler_, __LINE__)(int x) { return __VA_ARGS__; } \
  void PASTE(hold_, __LINE__)(void) { hold(PASTE(handler_, __LINE__)); }
#ifdef NEW
#define MOVED 302
#define CHANGED x * 9
#else
#define MOVED 301
#define CHANGED x * 7
#endif
#line 200
HANDLER(x + 1)
HANDLER(CHANGED)
#ifdef NEW
HANDLER(x * 7 + 1)
#endif
#line MOVED
int PASTE(shared_, __LINE__); int changes(void) { return ++PASTE(shared_, __LINE__); }
#ifndef NEW
#line 401
int PASTE(gone_, __LINE__);
#endif
#else
extern int shared_301, gone_401;
int uses(void) { return shared_301 + gone_401; }
#endif
