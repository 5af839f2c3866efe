/* What the files with interposed blocking calls share: the wrapper around one call, made from a list.  DEFINE_SYSTEM_CALL_WRAPPER is for
 * calls that always enter the kernel, DEFINE_WRAPPER for the others.
 *
 * CALL(result, name, (parameters), (arguments), version, system call or -1)
 * `version` is asked for by name where glibc has several: RTLD_NEXT alone may give the oldest.
 */
#ifndef WFPATCH_RUNTIME_INTERPOSE_WRAP_H
#define WFPATCH_RUNTIME_INTERPOSE_WRAP_H

#include "runtime/src/park_inline.h"

#include <dlfcn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline void end_park(WfpThread **thread) { wfp_unpark_inline(*thread); }

/* Everything of the program lies above the wrapper's frame: its return address is the first word that counts. */
#ifndef PARK /* bench/ablation has none */
#define PARK()                                                                                                         \
  __attribute__((cleanup(end_park), unused)) WfpThread *parked =                                                           \
      wfp_park_inline(wfp_self, __atomic_load_n(&wfp_pending, __ATOMIC_RELAXED), __builtin_frame_address(0), wfp_form_frame)
#endif

#define EXPORT __attribute__((visibility("default")))

/* For functions that return after a system call (arch/x86_64/return_by_jump.S).  After anything else a jump would cost more than `ret`: the
 * processor would pair each of the callers' returns with the wrong call. */
#define RETURN_BY_JUMP __attribute__((function_return("thunk-extern")))

static inline void *resolve_call(const char *name, const char *version) {
  void *address = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
  return address ? address : dlsym(RTLD_NEXT, name);
}

/* The file of the library whose `name` programs call instead of ours, since it stands before this one in the order of libraries; NULL if
 * ours is the one that they call. */
__attribute__((visibility("hidden"))) const char *wfp_library_before_us(const char *name);

/* Looks in every loaded object for the function that ours stands in for: one that came by dlopen(RTLD_LOCAL) is where RTLD_NEXT does not
 * look.  The object is kept from then on.  NULL if there is none.  Not from signal handlers. */
__attribute__((visibility("hidden"))) void *wfp_find_anywhere(const char *name, const char *version);

#define DECLARE_REAL(result, name, parameters, arguments, version, number) static result(*real_##name) parameters;
#define RESOLVE(result, name, parameters, arguments, version, number)                                                  \
  real_##name = (result(*) parameters)resolve_call(#name, version);

/* Before the real functions are resolved: the plain system call where there is one that takes the same arguments, else resolve
 * now (some other library's constructor waits on a condition variable; the dynamic linker is in a state to answer).
 * The C name differs from the symbol's, since glibc's prototypes carry decorations (transparent unions, nonnull) of their own. */
#define UNPACK(...) __VA_OPT__(, ) __VA_ARGS__
#define DEFINE_WRAPPER(result, name, parameters, arguments, version, number)                                           \
  WRAPPER(, result, name, parameters, arguments, version, number)
#define DEFINE_SYSTEM_CALL_WRAPPER(result, name, parameters, arguments, version, number)                               \
  WRAPPER(RETURN_BY_JUMP, result, name, parameters, arguments, version, number)
#define WRAPPER(how, result, name, parameters, arguments, version, number)                                             \
  EXPORT result wfp_call_##name parameters __asm__(#name);                                                             \
  how result wfp_call_##name parameters {                                                                              \
    if (__builtin_expect(!real_##name, 0)) {                                                                           \
      if (number >= 0)                                                                                                 \
        return (result)syscall(number UNPACK arguments);                                                               \
      real_##name = (result(*) parameters)resolve_call(#name, version);                                                \
    }                                                                                                                  \
    PARK();                                                                                                            \
    return real_##name arguments;                                                                                      \
  }

#endif
