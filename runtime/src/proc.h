// What the control thread reads in /proc/self: through a descriptor of that folder, opened when the thread starts, since the program
// may chroot() to where there is no /proc.
#pragma once

#include "runtime/src/base/text.h"

#include <cstdint>

namespace wfp {

// At the start of the control thread, in its own table of descriptors.
void open_proc();

// The beginning of /proc/self/PATH, NUL-terminated; its size, 0 when it cannot be read.
std::size_t read_proc_file(const char *path, char *text, std::size_t capacity);

// Calls visit(context, tid) for each entry of /proc/self/task, until it returns false; false then, or when it cannot be read.
bool list_tasks(bool (*visit)(void *context, int tid), void *context);

// Whether a task runs no code of the program: it has ended, the kernel made it for itself (io_uring and vhost workers), or it
// is the thread of libc's that waits for timers with SIGEV_THREAD.
bool runs_no_program(int tid);

// The name of a task, as in /proc/self/task/TID/comm; empty when it is gone.
void task_name(int tid, TextSink &name);

// Where a task waits in the kernel: "futex(2)", "system call 500"; empty when it does not, or when it cannot be read.
void task_wait(int tid, TextSink &where);

// The mapping that `address` is in.
bool find_mapping(std::uintptr_t address, std::uintptr_t &low, std::uintptr_t &high);

// The program's path, as /proc/self/exe says.
void program_path(TextSink &path);

// Whether the process is dumpable (prctl(2)): then its own user may trace it, and update it.
bool is_dumpable();

} // namespace wfp
