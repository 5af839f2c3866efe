/* Where a saved context goes on: its stack pointer, out of glibc's structures on x86-64. */
#ifndef WFPATCH_RUNTIME_ARCH_CONTEXT_H
#define WFPATCH_RUNTIME_ARCH_CONTEXT_H

#include <stdint.h>
#include <ucontext.h>

static inline uintptr_t wfp_context_sp(const ucontext_t *context) { return (uintptr_t)context->uc_mcontext.gregs[15 /* REG_RSP */]; }

/* A jmp_buf keeps it as word 6, "mangled": exclusive-or with the pointer guard of the thread control block, rotated left by 17 (glibc's
 * sysdeps/unix/sysv/linux/x86_64/pointer_guard.h). */
static inline uintptr_t wfp_jump_sp(const void *jump) {
  uintptr_t value = ((const uintptr_t *)jump)[6];
  __asm__("rorq $17, %0\n\txorq %%fs:0x30, %0" : "+r"(value));
  return value;
}

#endif
