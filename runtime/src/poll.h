// The slow path of polls, and what parks and signal handlers share with it.  Application threads.
#pragma once

#include "runtime/src/thread_registry.h"

#include <cstdint>

extern "C" {
// At a poll whose return address is the word at `sp`, in a function whose frame pointer is `fp`; `trusted`: an explicit
// quiescence point, no look at the stack.
__attribute__((visibility("hidden"))) void wfp_poll_slow(std::uintptr_t sp, int trusted, std::uintptr_t fp);
}

namespace wfp {

// Whether `sp` is on the stack that the thread began with.
bool on_known_stack(const ThreadRecord &record, std::uintptr_t sp);

// PARKED or IN_HANDLER may have been left behind by siglongjmp: then the frame that set it is gone, `sp` being above it.
void clear_stale_marks(ThreadRecord &record, std::uintptr_t sp);

} // namespace wfp
