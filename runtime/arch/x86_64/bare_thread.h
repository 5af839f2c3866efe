// Starting a thread that libc does not know (base/sys.h says why).
#pragma once

#include <cstddef>

namespace wfp::arch {

// Starts `entry(argument)` on a stack and a thread-pointer block of its own, all signals blocked, sharing all with the process.
// The block gives the compiler what it reads there (the thread pointer itself, the stack guard) and room for the
// runtime's own initial-exec thread-locals, as zero.  Returns the tid or a negative errno.  When `entry` returns, the thread ends.
long start_bare_thread(void (*entry)(void *), void *argument, std::size_t stack_bytes);

} // namespace wfp::arch
