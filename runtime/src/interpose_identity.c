/* setuid() and its kin, interposed: identity.h says why. */
#define _GNU_SOURCE

#include "runtime/src/identity.h"
#include "runtime/src/interpose.h"

#include <dlfcn.h>
#include <stddef.h>
#include <sys/types.h>

#define WFP_IDENTITY_CALLS(CALL)                                                                                       \
  CALL(setuid, (uid_t user), (user))                                                                                   \
  CALL(seteuid, (uid_t user), (user))                                                                                  \
  CALL(setreuid, (uid_t real, uid_t effective), (real, effective))                                                     \
  CALL(setresuid, (uid_t real, uid_t effective, uid_t saved), (real, effective, saved))                                \
  CALL(setgid, (gid_t group), (group))                                                                                 \
  CALL(setegid, (gid_t group), (group))                                                                                \
  CALL(setregid, (gid_t real, gid_t effective), (real, effective))                                                     \
  CALL(setresgid, (gid_t real, gid_t effective, gid_t saved), (real, effective, saved))                                \
  CALL(setgroups, (size_t count, const gid_t *groups), (count, groups))                                                \
  CALL(initgroups, (const char *user, gid_t group), (user, group))

#define DECLARE_REAL(name, parameters, arguments) static int(*real_##name) parameters;
WFP_IDENTITY_CALLS(DECLARE_REAL)

void wfp_resolve_identity_calls(void) {
#define RESOLVE(name, parameters, arguments) real_##name = (int(*) parameters)dlsym(RTLD_NEXT, #name);
  WFP_IDENTITY_CALLS(RESOLVE)
}

#define DEFINE_WRAPPER(name, parameters, arguments)                                                                    \
  __attribute__((visibility("default"))) int wfp_call_##name parameters __asm__(#name);                                \
  int wfp_call_##name parameters {                                                                                     \
    if (__builtin_expect(!real_##name, 0))                                                                             \
      wfp_resolve_identity_calls();                                                                                    \
    int result = real_##name arguments;                                                                                \
    if (result == 0)                                                                                                   \
      wfp_identity_changed();                                                                                          \
    return result;                                                                                                     \
  }

WFP_IDENTITY_CALLS(DEFINE_WRAPPER)
