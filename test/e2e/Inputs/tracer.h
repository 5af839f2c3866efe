// For drivers that trace the control thread of a program, and it alone, and share memory with the program.
#pragma once
#include "harness.h"
#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

static pid_t program, control;

// Starts `path first second N`, where N is the descriptor of `size` bytes of zeros that are also returned.
static inline void *start_program(const char *path, const char *first, const char *second, size_t size) {
  int memory = memfd_create("shared", 0);
  CHECK(memory >= 0 && ftruncate(memory, (off_t)size) == 0);
  void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  CHECK(shared != MAP_FAILED);
  if ((program = fork()) == 0) {
    char number[16];
    snprintf(number, sizeof(number), "%d", memory);
    execl(path, path, first, second, number, (char *)NULL);
    _exit(127);
  }
  return shared;
}

static inline void find_control_thread(void) {
  char path[64], name[32];
  snprintf(path, sizeof(path), "/proc/%d/task", program);
  DIR *tasks = opendir(path);
  CHECK(tasks);
  for (struct dirent *task; (task = readdir(tasks));) {
    snprintf(path, sizeof(path), "/proc/%d/task/%.10s/comm", program, task->d_name);
    FILE *file = fopen(path, "r");
    if (file && fgets(name, sizeof(name), file) && strcmp(name, "wfpatch\n") == 0)
      control = atoi(task->d_name);
    if (file)
      fclose(file);
  }
  closedir(tasks);
  CHECK(control > 0);
}

// Returns what waitpid() says of it.
static inline int interrupt_control_thread(void) {
  int state;
  CHECK(ptrace(PTRACE_INTERRUPT, control, NULL, NULL) == 0 && waitpid(control, &state, __WALL) == control);
  return state;
}

// From the moment when `*ready` is set; the control thread is stopped then.
static inline void attach_to_control_thread(const atomic_int *ready) {
  while (!*ready) {
    CHECK(waitpid(program, NULL, WNOHANG) == 0);
    usleep(1000);
  }
  find_control_thread();
  CHECK(ptrace(PTRACE_SEIZE, control, NULL, (void *)PTRACE_O_TRACESYSGOOD) == 0);
  interrupt_control_thread();
}

static inline struct user_regs_struct registers(void) {
  struct user_regs_struct all;
  CHECK(ptrace(PTRACE_GETREGS, control, NULL, &all) == 0);
  return all;
}

static inline int at_system_call(unsigned long address) {
  errno = 0;
  long word = ptrace(PTRACE_PEEKTEXT, control, (void *)address, NULL);
  CHECK(errno == 0);
  return (word & 0xffff) == 0x050f;
}

// What may be followed by changes that other threads see: text, gates and publication after membarrier; settling after a look at the tasks.
static inline int may_change_shared_state(long call) { return call == SYS_membarrier || call == SYS_getdents64; }
