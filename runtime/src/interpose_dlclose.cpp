// dlclose(), interposed: an object that an update touched, or refers to, stays mapped (G6), and none is unmapped while the control
// thread writes to images (image.h has both protocols).
//
// A call in that moment is put off: it returns at once, and the next call of dlclose() makes up for it.  The object keeps a
// reference for so long, which POSIX leaves open (closing an object need not unmap it), and which dlopen() counts as its own.

#include "runtime/src/image.h"
#include "runtime/src/interpose.h"

#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <new>

namespace {

int (*real_dlclose)(void *);

struct PutOff {
  void *handle;
  PutOff *next;
};
std::atomic<PutOff *> put_off_calls;

void put_off(void *handle) {
  void *memory = std::malloc(sizeof(PutOff));
  if (!memory)
    return; // the object stays
  auto *call = new (memory) PutOff{handle, put_off_calls.load(std::memory_order_relaxed)};
  // Release: who takes the list reads the calls.
  while (!put_off_calls.compare_exchange_weak(call->next, call, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

void make_up() {
  if (!put_off_calls.load(std::memory_order_relaxed))
    return;
  // Taken whole: nothing is popped, so that nothing can come back in between.
  for (PutOff *call = put_off_calls.exchange(nullptr, std::memory_order_acquire); call;) {
    PutOff *next = call->next;
    real_dlclose(call->handle);
    std::free(call);
    call = next;
  }
}

} // namespace

extern "C" void wfp_resolve_dlclose() { real_dlclose = reinterpret_cast<int (*)(void *)>(dlsym(RTLD_NEXT, "dlclose")); }

extern "C" __attribute__((visibility("default"))) int wfp_call_dlclose(void *handle) __asm__("dlclose");
extern "C" int wfp_call_dlclose(void *handle) {
  if (!real_dlclose)
    wfp_resolve_dlclose();
  wfp::CloseGuard guard;
  if (!guard.may_unmap()) {
    put_off(handle);
    return 0;
  }
  make_up();
  return real_dlclose(handle);
}
