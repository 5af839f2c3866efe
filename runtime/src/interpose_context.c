/* Contexts, interposed: each function that goes to another stack tells the runtime first (stacks.h).
 *
 * makecontext() registers the context's stack by itself, and changes the return address of its function to code of the runtime, since
 * glibc goes on to uc_link without calling setcontext() through a symbol.  longjmp() within one stack, by far the usual case, costs
 * two comparisons.
 *
 * Boost.Context switches by functions of its own.  Where programs call those, and not ours, coroutines would go from one version to
 * the other unseen: such a process takes no updates (init.cpp).
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE

#include "runtime/arch/x86_64/context.h"
#include "runtime/src/interpose.h"
#include "runtime/src/interpose_wrap.h"
#include "runtime/src/stacks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <ucontext.h>

_Static_assert(offsetof(ucontext_t, uc_mcontext.gregs) + 15 * sizeof(greg_t) == 160, "context_end.S reads it");

static void (*real_makecontext)(ucontext_t *, void (*)(void), int, ...);
static int (*real_swapcontext)(ucontext_t *, const ucontext_t *);
static int (*real_setcontext)(const ucontext_t *);

__attribute__((visibility("hidden"))) void wfp_context_end(void);
extern __attribute__((visibility("hidden"))) void *wfp_after_context;

/* Boost.Context: a context is its stack pointer. */
typedef struct {
  void *context, *data;
} Transfer;
#define BOOST_CALLS(CALL)                                                                                              \
  CALL(void *, make_fcontext, (void *, size_t, void (*)(Transfer)))                                                     \
  CALL(Transfer, jump_fcontext, (void *, void *))                                                                      \
  CALL(Transfer, ontop_fcontext, (void *, void *, Transfer(*)(Transfer)))
#define DECLARE_BOOST(result, name, parameters) static result(*real_##name) parameters;
BOOST_CALLS(DECLARE_BOOST)
static const char *unseen_switches;

const char *wfp_unseen_switches(void) { return unseen_switches; }

/* All jump to where `env` was set; the checked form first looks whether that is up the stack. */
#define JUMPS(JUMP) JUMP(longjmp) JUMP(_longjmp) JUMP(siglongjmp) JUMP(__longjmp_chk)
#define DECLARE_JUMP(name) static void (*real_##name)(void *, int);
JUMPS(DECLARE_JUMP)

void wfp_resolve_context_calls(void) {
  real_makecontext = (void (*)(ucontext_t *, void (*)(void), int, ...))resolve_call("makecontext", NULL);
  real_swapcontext = (int (*)(ucontext_t *, const ucontext_t *))resolve_call("swapcontext", NULL);
  real_setcontext = (int (*)(const ucontext_t *))resolve_call("setcontext", NULL);
#define RESOLVE_JUMP(name) real_##name = (void (*)(void *, int))resolve_call(#name, NULL);
  JUMPS(RESOLVE_JUMP)
#define RESOLVE_BOOST(result, name, parameters)                                                                        \
  real_##name = (result(*) parameters)resolve_call(#name, NULL);                                                       \
  if (!unseen_switches)                                                                                                \
    unseen_switches = wfp_library_before_us(#name);
  BOOST_CALLS(RESOLVE_BOOST)
  dlerror(); /* a look that failed leaves a message, which must not reach the program */
}

static void need_calls(void) {
  if (__builtin_expect(!real_makecontext, 0)) /* another library's constructor */
    wfp_resolve_context_calls();
}

/* The call before it is no tail call: the frame that was parked in must be there. */
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

enum { kInRegisters = 6 };

EXPORT void wfp_call_makecontext(ucontext_t *context, void (*function)(void), int count, ...) __asm__("makecontext");
void wfp_call_makecontext(ucontext_t *context, void (*function)(void), int count, ...) {
  need_calls();
  va_list arguments;
  va_start(arguments, count);
  greg_t first[kInRegisters];
  for (int i = 0; i < kInRegisters; ++i)
    first[i] = i < count ? va_arg(arguments, greg_t) : 0;
  real_makecontext(context, function, count, first[0], first[1], first[2], first[3], first[4], first[5]);
  /* What follows lies above the return address, as the psABI has it; glibc filled it from behind our own call's arguments. */
  uintptr_t *sp = (uintptr_t *)wfp_context_sp(context);
  for (int i = kInRegisters; i < count; ++i)
    sp[1 + i - kInRegisters] = (uintptr_t)va_arg(arguments, greg_t);
  va_end(arguments);
  if (wfp_add_stack(context->uc_stack.ss_sp, context->uc_stack.ss_size, (uintptr_t)sp)) {
    wfp_after_context = (void *)sp[0];
    sp[0] = (uintptr_t)&wfp_context_end;
  }
}

EXPORT int wfp_call_swapcontext(ucontext_t *from, const ucontext_t *to) __asm__("swapcontext");
int wfp_call_swapcontext(ucontext_t *from, const ucontext_t *to) {
  need_calls();
  void *left = wfp_go_to_stack(wfp_context_sp(to), __builtin_frame_address(0));
  int result = real_swapcontext(from, to);
  if (result != 0)
    wfp_come_back(left);
  return result;
}

EXPORT int wfp_call_setcontext(const ucontext_t *to) __asm__("setcontext");
int wfp_call_setcontext(const ucontext_t *to) {
  need_calls();
  void *left = wfp_jump_to_stack(wfp_context_sp(to), __builtin_frame_address(0));
  int result = real_setcontext(to);
  wfp_come_back(left);
  return result;
}

#define DEFINE_JUMP(name)                                                                                              \
  EXPORT __attribute__((noreturn)) void wfp_call_##name(void *env, int value) __asm__(#name);                          \
  void wfp_call_##name(void *env, int value) {                                                                         \
    need_calls();                                                                                                      \
    (void)wfp_jump_to_stack(wfp_jump_sp(env), __builtin_frame_address(0));                                              \
    real_##name(env, value);                                                                                           \
    KEEP_FRAME();                                                                                                      \
    __builtin_unreachable();                                                                                           \
  }
JUMPS(DEFINE_JUMP)

static void need_boost(void) {
  if (__builtin_expect(real_jump_fcontext != NULL, 1))
    return;
#define FIND_BOOST(result, name, parameters) real_##name = (result(*) parameters)wfp_find_anywhere(#name, NULL);
  BOOST_CALLS(FIND_BOOST)
  if (!real_jump_fcontext) {
    static const char kMessage[] = "libwfpatch.so: jump_fcontext() was called, and no library of this process has it\n";
    (void)!write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
    abort();
  }
}

EXPORT __attribute__((weak)) void *wfp_call_make_fcontext(void *top, size_t size, void (*function)(Transfer)) __asm__("make_fcontext");
void *wfp_call_make_fcontext(void *top, size_t size, void (*function)(Transfer)) {
  need_boost();
  void *context = real_make_fcontext(top, size, function);
  (void)wfp_add_stack((char *)top - size, size, (uintptr_t)context);
  return context;
}

EXPORT __attribute__((weak)) Transfer wfp_call_jump_fcontext(void *to, void *data) __asm__("jump_fcontext");
Transfer wfp_call_jump_fcontext(void *to, void *data) {
  need_boost();
  (void)wfp_go_to_stack((uintptr_t)to, __builtin_frame_address(0));
  Transfer from = real_jump_fcontext(to, data);
  KEEP_FRAME();
  return from;
}

EXPORT __attribute__((weak)) Transfer wfp_call_ontop_fcontext(void *to, void *data, Transfer (*function)(Transfer)) __asm__("ontop_fcontext");
Transfer wfp_call_ontop_fcontext(void *to, void *data, Transfer (*function)(Transfer)) {
  need_boost();
  (void)wfp_go_to_stack((uintptr_t)to, __builtin_frame_address(0));
  Transfer from = real_ontop_fcontext(to, data, function);
  KEEP_FRAME();
  return from;
}
