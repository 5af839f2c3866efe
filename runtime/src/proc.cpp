#include "runtime/src/proc.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/process_memory.h"

#include <fcntl.h>
#include <sys/prctl.h>

namespace wfp {

namespace {

long directory = -1; // /proc/PID

// A file under /proc/PID.
class File {
public:
  explicit File(const char *path, int flags = O_RDONLY) {
    if (directory < 0)
      open_proc();
    file_ = sys::call(SYS_openat, directory, path, flags | O_CLOEXEC, 0);
  }
  File(const File &) = delete;
  ~File() {
    if (!sys::failed(file_))
      sys::call(SYS_close, file_);
  }
  bool is_open() const { return !sys::failed(file_); }
  long number() const { return file_; }
  long read(char *buffer, std::size_t size) const { return sys::call(SYS_read, file_, buffer, size); }

private:
  long file_;
};

// linux_dirent64, which no header gives to programs.
struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  std::uint8_t type;
  char name[1];
};

bool parse_decimal(const char *text, long &value) {
  value = 0;
  if (!*text)
    return false;
  for (; *text; ++text) {
    if (*text < '0' || *text > '9')
      return false;
    value = value * 10 + (*text - '0');
  }
  return true;
}

const char *parse_hex(const char *text, std::uintptr_t &value) {
  value = 0;
  for (;; ++text) {
    char digit = *text;
    if (digit >= '0' && digit <= '9')
      value = value << 4 | static_cast<std::uintptr_t>(digit - '0');
    else if (digit >= 'a' && digit <= 'f')
      value = value << 4 | static_cast<std::uintptr_t>(digit - 'a' + 10);
    else
      return text;
  }
}

} // namespace

void open_proc() {
  directory = sys::call(SYS_openat, AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

std::size_t read_proc_file(const char *path, char *text, std::size_t capacity) {
  File file(path);
  std::size_t size = 0;
  for (long count; file.is_open() && size < capacity - 1 && (count = file.read(text + size, capacity - 1 - size)) > 0;)
    size += static_cast<std::size_t>(count);
  text[size] = '\0';
  return size;
}

bool list_tasks(bool (*visit)(void *context, int tid), void *context) {
  File tasks("task", O_RDONLY | O_DIRECTORY);
  if (!tasks.is_open())
    return false;
  alignas(8) char buffer[8192];
  for (;;) {
    long size = sys::call(SYS_getdents64, tasks.number(), buffer, sizeof(buffer));
    if (sys::failed(size))
      return false;
    if (size == 0)
      return true;
    for (long at = 0; at < size;) {
      auto *entry = reinterpret_cast<DirectoryEntry *>(buffer + at);
      at += entry->size;
      long tid;
      if (parse_decimal(entry->name, tid) && !visit(context, static_cast<int>(tid)))
        return false;
    }
  }
}

namespace {

// /proc/self/task/TID/syscall (man 5 proc_pid_syscall): "running", or the number, arguments, stack pointer and program counter of a task
// that waits; -1 when it waits outside a system call (a page fault, a stop).  The number and the arguments; false in the other two cases.
bool task_call(int tid, std::uintptr_t (&words)[7]) {
  FixedText<64> path;
  path << "task/" << tid << "/syscall";
  char text[256];
  std::size_t size = read_proc_file(path.c_str(), text, sizeof(text));
  const char *at = text, *end = text + size;
  for (std::uintptr_t &word : words) {
    const bool hex = end - at > 2 && at[0] == '0' && at[1] == 'x';
    const char *digits = hex ? at + 2 : at;
    if (digits == end || !(*digits >= '0' && (*digits <= '9' || *digits >= 'a')))
      return false;
    for (word = 0; digits < end && *digits != ' ' && *digits != '\n'; ++digits)
      word = word * (hex ? 16 : 10) + static_cast<std::uintptr_t>(*digits <= '9' ? *digits - '0' : *digits - 'a' + 10);
    at = digits < end ? digits + 1 : digits;
  }
  return true;
}

// The thread that glibc makes for timers with SIGEV_THREAD (sysdeps/unix/sysv/linux/timer_routines.c): all it does is wait for signal 32,
// which glibc lets no program wait for, and make a thread for each expiry.
bool waits_for_timers(int tid) {
  std::uintptr_t words[7];
  std::uint64_t signals;
  return task_call(tid, words) && words[0] == SYS_rt_sigtimedwait && words[4] == sizeof signals &&
         read_memory(words[1], &signals, sizeof signals) && signals == 1ull << 31;
}

} // namespace

// /proc/self/task/TID/stat (man 5 proc_pid_stat), behind the name in parentheses: "state ppid pgrp session tty tpgid flags".
// A zombie is an initial thread that ended before the others; PF_IO_WORKER and PF_USER_WORKER are the kernel's own.
bool runs_no_program(int tid) {
  constexpr unsigned long kIoWorker = 0x10, kUserWorker = 0x4000;
  FixedText<64> path;
  path << "task/" << tid << "/stat";
  char text[512];
  std::size_t size = read_proc_file(path.c_str(), text, sizeof(text));
  const char *at = text + size;
  while (at > text && *at != ')')
    --at;
  if (*at == ')' && at[1] == ' ' && (at[2] == 'Z' || at[2] == 'X'))
    return true;
  for (int spaces = 0; *at && spaces < 7; ++at)
    spaces += *at == ' ';
  unsigned long flags = 0;
  for (; *at >= '0' && *at <= '9'; ++at)
    flags = flags * 10 + static_cast<unsigned long>(*at - '0');
  return flags & (kIoWorker | kUserWorker) || waits_for_timers(tid);
}

void task_name(int tid, TextSink &name) {
  FixedText<64> path;
  path << "task/" << tid << "/comm";
  char text[64];
  std::size_t size = read_proc_file(path.c_str(), text, sizeof(text));
  for (std::size_t i = 0; i < size && text[i] != '\n'; ++i)
    name << text[i];
}

namespace {

struct NamedCall {
  long number;
  const char *name;
};
// Those that wait, and what files and devices may make wait.
constexpr NamedCall kNamedCalls[] = {
    {SYS_futex, "futex"}, {449, "futex_waitv"}, {455, "futex_wait"}, {SYS_read, "read"}, {SYS_readv, "readv"},
    {SYS_pread64, "pread64"}, {SYS_preadv, "preadv"}, {SYS_preadv2, "preadv2"}, {SYS_write, "write"},
    {SYS_writev, "writev"}, {SYS_pwrite64, "pwrite64"}, {SYS_poll, "poll"}, {SYS_ppoll, "ppoll"},
    {SYS_select, "select"}, {SYS_pselect6, "pselect6"}, {SYS_epoll_wait, "epoll_wait"},
    {SYS_epoll_pwait, "epoll_pwait"}, {441, "epoll_pwait2"}, {SYS_io_uring_enter, "io_uring_enter"},
    {SYS_io_getevents, "io_getevents"}, {SYS_io_pgetevents, "io_pgetevents"}, {SYS_accept, "accept"},
    {SYS_accept4, "accept4"}, {SYS_connect, "connect"}, {SYS_recvfrom, "recvfrom"}, {SYS_recvmsg, "recvmsg"},
    {SYS_recvmmsg, "recvmmsg"}, {SYS_sendto, "sendto"}, {SYS_sendmsg, "sendmsg"}, {SYS_sendmmsg, "sendmmsg"},
    {SYS_sendfile, "sendfile"}, {SYS_splice, "splice"}, {SYS_nanosleep, "nanosleep"},
    {SYS_clock_nanosleep, "clock_nanosleep"}, {SYS_pause, "pause"}, {SYS_rt_sigsuspend, "rt_sigsuspend"},
    {SYS_rt_sigtimedwait, "rt_sigtimedwait"}, {SYS_wait4, "wait4"}, {SYS_waitid, "waitid"}, {SYS_flock, "flock"},
    {SYS_fcntl, "fcntl"}, {SYS_open, "open"}, {SYS_openat, "openat"}, {SYS_close, "close"}, {SYS_fsync, "fsync"},
    {SYS_fdatasync, "fdatasync"}, {SYS_ioctl, "ioctl"}, {SYS_msgrcv, "msgrcv"}, {SYS_msgsnd, "msgsnd"},
    {SYS_semop, "semop"}, {SYS_semtimedop, "semtimedop"}, {SYS_mq_timedreceive, "mq_timedreceive"},
    {SYS_mq_timedsend, "mq_timedsend"}, {SYS_vfork, "vfork"}, {SYS_clone, "clone"}, {SYS_clone3, "clone3"},
    {SYS_execve, "execve"}, {SYS_restart_syscall, "restart_syscall"},
};

} // namespace

void task_wait(int tid, TextSink &where) {
  std::uintptr_t words[7];
  if (!task_call(tid, words))
    return;
  const auto number = static_cast<long>(words[0]);
  for (const NamedCall &call : kNamedCalls)
    if (call.number == number) {
      where << call.name << "(2)";
      return;
    }
  where << "system call " << number;
}

bool find_mapping(std::uintptr_t address, std::uintptr_t &low, std::uintptr_t &high) {
  File file("maps");
  if (!file.is_open())
    return false;
  // Lines of at most PATH_MAX; only their beginnings matter: "low-high ".
  char buffer[4096];
  char head[40];
  std::size_t head_size = 0;
  bool in_head = true;
  for (long size; (size = file.read(buffer, sizeof(buffer))) > 0;) {
    for (long i = 0; i < size; ++i) {
      if (buffer[i] == '\n') {
        in_head = true;
        head_size = 0;
      } else if (in_head && buffer[i] != ' ' && head_size < sizeof(head) - 1) {
        head[head_size++] = buffer[i];
      } else if (in_head) {
        in_head = false;
        head[head_size] = '\0';
        const char *dash = parse_hex(head, low);
        if (*dash == '-') {
          parse_hex(dash + 1, high);
          if (low <= address && address < high)
            return true;
        }
      }
    }
  }
  return false;
}

void program_path(TextSink &path) {
  char text[4096];
  if (directory < 0)
    open_proc();
  long size = sys::call(SYS_readlinkat, directory, "exe", text, sizeof(text));
  if (size > 0 && !sys::failed(size))
    path.append(text, static_cast<std::size_t>(size));
}

bool is_dumpable() { return sys::call(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0) == 1; }

} // namespace wfp
