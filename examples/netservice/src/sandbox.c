// The filter follows seccomp_memory_deny_write_execute() of systemd in what it denies; it is written as raw BPF so that
// netservice needs no library for it.  Flags are in the low half of each 64-bit argument, and the high half does not
// matter: the kernel looks at the same bits.
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

// Newer than Debian 12's headers.
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

bool sandbox_deny_write_execute(void) { return prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0; }

// One instruction of the filter below.  Jumps name the index they go to, from the index they stand at.
enum { kMmap = 7, kMprotect = 10, kShmat = 12, kAllow = 14, kDeny = 15 };
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(at, test, value, yes, no) BPF_JUMP(BPF_JMP | (test) | BPF_K, (value), (yes) - (at)-1, (no) - (at)-1)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))

bool sandbox_install_filter(void) {
  static struct sock_filter filter[] = {
      [0] = LOAD(arch),
      [1] = IF(1, BPF_JEQ, AUDIT_ARCH_X86_64, 2, kAllow),
      [2] = LOAD(nr),
      [3] = IF(3, BPF_JEQ, SYS_mmap, kMmap, 4),
      [4] = IF(4, BPF_JEQ, SYS_mprotect, kMprotect, 5),
      [5] = IF(5, BPF_JEQ, SYS_pkey_mprotect, kMprotect, 6),
      [6] = IF(6, BPF_JEQ, SYS_shmat, kShmat, kAllow),
      [kMmap] = LOAD(args[2]),
      [8] = IF(8, BPF_JSET, PROT_WRITE, 9, kAllow),
      [9] = IF(9, BPF_JSET, PROT_EXEC, kDeny, kAllow),
      [kMprotect] = LOAD(args[2]),
      [11] = IF(11, BPF_JSET, PROT_EXEC, kDeny, kAllow),
      [kShmat] = LOAD(args[2]),
      [13] = IF(13, BPF_JSET, SHM_EXEC, kDeny, kAllow),
      [kAllow] = RETURN(SECCOMP_RET_ALLOW),
      [kDeny] = RETURN(SECCOMP_RET_ERRNO | EPERM),
  };
  const struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return false;
  // TSYNC: a library's constructor may have started threads already.
  long other = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (other > 0)
    errno = EBUSY; // that thread has a filter of its own
  return other == 0;
}

bool sandbox_holds(void) {
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return false;
  bool gained = mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0;
  munmap(memory, 4096);
  memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return !gained;
  munmap(memory, 4096);
  return false;
}
