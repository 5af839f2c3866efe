// C++: COMDAT functions and variables keep one record each over several units, and it is that of the kept copy; aliases
// of constructors, thread-locals, virtual tables; exceptions pass through sleds and polls.
// RUN: %wfclangxx -O2 -c %s -o %t.1.o && %wfclangxx -O2 -DSECOND -c %s -o %t.2.o
// RUN: %wfclangxx %t.1.o %t.2.o -fuse-ld=bfd -Wl,--fatal-warnings -o %t && %t | FileCheck --check-prefix=PRINTS %s
// RUN: %records %t _Z6shareds _ZN4BaseC1Ei _ZN4BaseC2Ei _ZTV4Base _ZTI4Base perThread _ZZ6sharedsE5calls _Z4callv main | FileCheck %s
// RUN: %wfclangxx %t.1.o %t.2.o -fuse-ld=lld -Wl,--gc-sections,--fatal-warnings -o %t && %t | FileCheck --check-prefix=PRINTS %s
// RUN: %records %t _Z6shareds _ZN4BaseC1Ei _ZN4BaseC2Ei _ZTV4Base _ZTI4Base perThread _ZZ6sharedsE5calls _Z4callv main | FileCheck %s
// RUN: %wfclangxx -O0 -g -fcf-protection %s -DSECOND -c -o %t.2.o && %wfclangxx -O0 -fcf-protection %s %t.2.o -o %t && %t | FileCheck --check-prefix=PRINTS %s
// RUN: %records %t _Z6shareds | FileCheck --check-prefix=ENDBR %s
//
// CHECK: function _Z4callv
// CHECK: function _Z6shareds flags=weak,comdat,sled {{.*}} _Z6shareds ok
// CHECK-NOT: function _Z6shareds
// CHECK-DAG: function _ZN4BaseC1Ei flags=sled {{.*}} _ZN4BaseC1Ei ok
// CHECK-DAG: function _ZN4BaseC2Ei flags=sled {{.*}} _ZN4BaseC2Ei ok
// CHECK: tls perThread flags=weak,comdat size=4 {{.*}} ok
// CHECK-NOT: tls perThread
// CHECK-DAG: variable _ZTV4Base flags={{.*}}constant size={{[0-9]+}} {{.*}} _ZTV4Base ok
// CHECK-DAG: variable _ZZ6sharedsE5calls flags=weak,comdat{{(,address-taken)?}} size=4 {{.*}} _ZZ6sharedsE5calls ok
// ENDBR: function _Z6shareds flags=weak,comdat,sled,endbr
// PRINTS: caught 3
// PRINTS: 11 1
#include <cstdio>
#include <stdexcept>
struct Base {
  Base(int);
  virtual ~Base();
  virtual int get();
  int value;
};
__attribute__((noinline)) inline int shared(short x) {
  static int calls;
  return ++calls + x;
}
inline thread_local int perThread = 0;
#ifdef SECOND
Base::Base(int v) : value(v) {}
Base::~Base() {}
int Base::get() { return value; }
int call() { ++perThread; return shared(9); }
#else
int call();
struct Derived : Base {
  using Base::Base;
  int get() override {
    for (int i = 0;; ++i)
      if (Base::get() == i)
        throw i;
  }
};
int main() {
  Derived d(3);
  try {
    d.get();
  } catch (int i) {
    std::printf("caught %d\n", i);
  }
  shared(0);
  std::printf("%d ", call());
  std::printf("%d\n", perThread);
}
#endif
