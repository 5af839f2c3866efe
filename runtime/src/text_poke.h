// Writing single bytes of running text.
//
// Through /proc/thread-self/mem: the kernel copies the private page and writes; the mapping stays R-X and file-backed (names
// in perf and gdb stay, W^X holds even under PR_SET_MDWE), and mmap_lock is not taken for writing, so that no application
// thread stalls behind a preempted control thread.  What is written is never torn: the opcode is one byte, and the
// displacement is written while the opcode makes it a meaningless immediate.
// Order on other cores: membarrier(SYNC_CORE) after each step.  Control thread only.
#pragma once

#include "runtime/src/base/text.h"

#include <cstdint>

namespace wfp {

// Opens the process's memory, for as long as the control thread lives: later the process may have given up the right to (a
// server that started as root).  The descriptor is in the control thread's own table.  False where there is no /proc.
[[nodiscard]] bool open_text(Message &why);
// False where the kernel does not let this process write its own text (proc_mem.force_override, seccomp).
[[nodiscard]] bool write_text(std::uintptr_t address, const void *bytes, std::size_t size, Message &why);

// Registers this process for sync_core(); false (and why) where the kernel has no membarrier.
[[nodiscard]] bool prepare_sync_core(Message &why);
// On return every thread of the process executes what was written before.
void sync_core();

} // namespace wfp
