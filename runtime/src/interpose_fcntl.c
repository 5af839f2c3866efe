/* fcntl(), interposed for the two commands that wait: F_SETLKW and F_OFD_SETLKW.  Everything else goes straight through.
 *
 * The third argument is fetched whether there is one or not, as glibc does.
 */
#define _GNU_SOURCE

#include "runtime/src/interpose.h"
#include "runtime/src/interpose_wrap.h"

#include <fcntl.h>
#include <stdarg.h>

#define WFP_FCNTLS(CALL) CALL(fcntl) CALL(fcntl64)

#define DECLARE_FCNTL(name) static int (*real_##name)(int, int, ...);
WFP_FCNTLS(DECLARE_FCNTL)

#define RESOLVE_FCNTL(name) real_##name = (int (*)(int, int, ...))resolve_call(#name, NULL);
void wfp_resolve_fcntl(void) { WFP_FCNTLS(RESOLVE_FCNTL) }

#define DEFINE_FCNTL(name)                                                                                             \
  static __attribute__((noinline)) int wait_in_##name(int fd, int command, void *argument) {                           \
    PARK();                                                                                                            \
    return real_##name(fd, command, argument);                                                                         \
  }                                                                                                                    \
  EXPORT int wfp_call_##name(int fd, int command, ...) __asm__(#name);                                                 \
  int wfp_call_##name(int fd, int command, ...) {                                                                      \
    va_list list;                                                                                                      \
    va_start(list, command);                                                                                           \
    void *argument = va_arg(list, void *);                                                                             \
    va_end(list);                                                                                                      \
    if (__builtin_expect(!real_##name, 0)) {                                                                           \
      RESOLVE_FCNTL(name)                                                                                              \
    }                                                                                                                  \
    if (command == F_SETLKW || command == F_OFD_SETLKW)                                                                \
      return wait_in_##name(fd, command, argument);                                                                    \
    return real_##name(fd, command, argument);                                                                         \
  }

WFP_FCNTLS(DEFINE_FCNTL)
