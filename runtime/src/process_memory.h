// The process's own memory through /proc/thread-self/mem: writing single bytes of running text, and reading and writing memory that
// could vanish.
//
// Writing: the kernel copies the private page and writes; the mapping stays R-X and file-backed (names in perf and gdb stay,
// W^X holds even under PR_SET_MDWE), and mmap_lock is not taken for writing, so that no application thread stalls
// behind a preempted control thread.  What is written is never torn: the opcode is one byte, and the displacement is
// written while the opcode makes it a meaningless immediate.  Order on other cores: membarrier(SYNC_CORE) after each step.
//
// Vanishing: another thread's stack, or an object that is being dlclosed, may be unmapped meanwhile; pread and pwrite then fail
// instead of faulting.  Not process_vm_readv: filters of system calls that kill know it as a debugger's.
//
// Control thread only, but for reads before it exists.
#pragma once

#include "runtime/src/base/text.h"

#include <cstdint>

namespace wfp {

// Opens it, for as long as the control thread lives: later the process may have given up the right to (a server that started as
// root).  The descriptor is in the control thread's own table.  False where there is no /proc.
[[nodiscard]] bool open_process_memory(Message &why);
// Copies [address, address + size) to `to`; false when any of it is not mapped readable.  Before the memory has been opened (while
// the process has one thread, and nothing can vanish) it is read directly.
[[nodiscard]] bool read_memory(std::uintptr_t address, void *to, std::size_t size);
// False where the kernel does not let this process write its own text (proc_mem.force_override, seccomp).
[[nodiscard]] bool write_memory(std::uintptr_t address, const void *bytes, std::size_t size, Message &why);

// Registers this process for sync_core(); false (and why) where the kernel has no membarrier.
[[nodiscard]] bool prepare_sync_core(Message &why);
// On return every thread of the process executes what was written before.
void sync_core();

} // namespace wfp
