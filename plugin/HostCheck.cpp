// A plugin speaks C++ with its host, whose class layouts differ from release to release: loaded into another clang it
// would crash at the first virtual call, or worse, would not.
//
// This constructor runs before any other of the plugin (priority 101), calls nothing whose layout could differ, and asks
// the host for its version: LLVMGetVersion is C and has been stable since LLVM 16.  There is no diagnostics engine to
// speak through at this point, since reaching it would need the very interfaces that do not match; hence write(2), and
// an exit: going on without the plugin would silently give objects that cannot be patched.
#include "llvm/Config/llvm-config.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <unistd.h>

namespace {

[[gnu::constructor(101)]] void checkHost() {
  using GetVersion = void (*)(unsigned *, unsigned *, unsigned *);
  auto *Get = reinterpret_cast<GetVersion>(dlsym(RTLD_DEFAULT, "LLVMGetVersion"));
  unsigned Major = 0, Minor = 0, Patch = 0;
  if (Get)
    Get(&Major, &Minor, &Patch);
  if (Major == LLVM_VERSION_MAJOR)
    return;
  char Message[256];
  if (Get)
    std::snprintf(Message, sizeof Message,
                  "error: wfpatch: this plugin was built for LLVM %d, but loaded into LLVM %u.%u.%u: use clang-%d, or "
                  "build wfpatch with -DLLVM_DIR=<prefix of LLVM %u>/lib/cmake/llvm\n",
                  LLVM_VERSION_MAJOR, Major, Minor, Patch, LLVM_VERSION_MAJOR, Major);
  else
    std::snprintf(Message, sizeof Message,
                  "error: wfpatch: this plugin was built for LLVM %d, and the program that loads it does not tell its "
                  "version: use clang-%d\n",
                  LLVM_VERSION_MAJOR, LLVM_VERSION_MAJOR);
  [[maybe_unused]] ssize_t Written = write(STDERR_FILENO, Message, std::strlen(Message));
  _exit(1);
}

} // namespace
