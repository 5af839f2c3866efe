// dlclose(), interposed: an object that an update touched, or refers to, stays mapped (G6; image.h has the protocol).

#include "runtime/src/image.h"
#include "runtime/src/interpose.h"

#include <dlfcn.h>

namespace {
int (*real_dlclose)(void *);
}

extern "C" void wfp_resolve_dlclose() { real_dlclose = reinterpret_cast<int (*)(void *)>(dlsym(RTLD_NEXT, "dlclose")); }

extern "C" __attribute__((visibility("default"))) int wfp_call_dlclose(void *handle) __asm__("dlclose");
extern "C" int wfp_call_dlclose(void *handle) {
  if (!real_dlclose)
    wfp_resolve_dlclose();
  wfp::CloseGuard guard;
  return real_dlclose(handle);
}
