// Identifiers that macros made of __LINE__ or __COUNTER__, wherever they are; numbers that somebody wrote are none.
// RUN: %wfclangxx -O2 -c %s -o %t.o && llvm-objcopy --dump-section .wfpatch.info=%t.info %t.o && FileCheck %s < %t.info
// CHECK: "numbered":[{"at":8,"digits":1,"name":"counted_0"},{"at":8,"digits":1,"name":"counted_1"},{"at":2,"digits":3,"name":"n_102"},
// CHECK-SAME: {"at":6,"digits":3,"name":"state_103_of"}]
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define COUNT() ({ static int PASTE(n_, __LINE__); ++PASTE(n_, __LINE__); })
#line 101
static int PASTE(counted_, __COUNTER__), PASTE(written_, 101), plain_101 = __LINE__, PASTE(counted_, __COUNTER__);
int counts() { return COUNT(); }
namespace { struct PASTE(PASTE(state_, __LINE__), _of) { int value; } state; }
int *all[] = {&counted_0, &counted_1, &written_101, &plain_101, &state.value};
