#include "runtime/src/identity.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/proc.h"

#include <atomic>
#include <csignal>
#include <cstring>
#include <grp.h>
#include <sys/signalfd.h>

namespace wfp {

namespace {

// The event is a signal to the control thread alone, which has all signals blocked and reads it from a signalfd: no handler,
// no descriptor that the program could see.  Which signal does not matter; a blocked one is queued even if ignored.
constexpr int kSignal = SIGURG;
constexpr std::size_t kMaxGroups = 1024;

std::atomic<int> control_tid{0};
long events = -1;

// The numbers of one line of /proc/PID/status, "Uid:\t1\t2\t3\t4\n"; at most `capacity`.
std::size_t numbers_of(const char *status, const char *label, unsigned *numbers, std::size_t capacity) {
  const char *at = std::strstr(status, label);
  if (!at)
    return 0;
  at += std::strlen(label);
  std::size_t count = 0;
  while (*at && *at != '\n' && count < capacity) {
    if (*at < '0' || *at > '9') {
      ++at;
      continue;
    }
    unsigned value = 0;
    for (; *at >= '0' && *at <= '9'; ++at)
      value = value * 10 + static_cast<unsigned>(*at - '0');
    numbers[count++] = value;
  }
  return count;
}

char status[32768];

} // namespace

long open_identity_events() {
  std::uint64_t mask = 1ull << (kSignal - 1);
  events = sys::call(SYS_signalfd4, -1, &mask, sizeof(mask), SFD_CLOEXEC | SFD_NONBLOCK);
  control_tid.store(static_cast<int>(sys::call(SYS_gettid)), std::memory_order_release);
  return events;
}

void adopt_identity() {
  signalfd_siginfo info;
  while (sys::call(SYS_read, events, &info, sizeof(info)) > 0)
    ;
  unsigned users[4], user_groups[4];
  static unsigned groups[kMaxGroups];
  read_proc_file("status", status, sizeof(status)); // of the process's first thread
  if (numbers_of(status, "\nUid:", users, 4) != 4 || numbers_of(status, "\nGid:", user_groups, 4) != 4)
    return;
  // Groups first: the right to change them goes with the user.  Each is refused to a thread that has already given it up, in
  // which case there is nothing left to give up.
  sys::call(SYS_setgroups, numbers_of(status, "\nGroups:", groups, kMaxGroups), groups);
  sys::call(SYS_setresgid, user_groups[0], user_groups[1], user_groups[2]);
  sys::call(SYS_setresuid, users[0], users[1], users[2]);
}

} // namespace wfp

extern "C" void wfp_identity_changed() {
  if (int tid = wfp::control_tid.load(std::memory_order_acquire))
    wfp::sys::call(SYS_tgkill, wfp::sys::call(SYS_getpid), tid, wfp::kSignal);
}
