// A loop over a listening socket, its clients, and rounds of moving threads while an update is on its way.
//
// The thread is a bare clone() (base/sys.h) with a descriptor table of its own, empty at first: the program never sees
// its descriptors, closes them by accident, or passes them on over fork.
// It accepts root and, if the process is dumpable (so that ptrace would be allowed as well), the process's own user.

#include "runtime/src/control.h"

#include "format/protocol.h"
#include "runtime/arch/x86_64/bare_thread.h"
#include "runtime/src/base/arena.h"
#include "runtime/src/base/sys.h"
#include "runtime/src/identity.h"
#include "runtime/src/mover.h"
#include "runtime/src/parked_check.h"
#include "runtime/src/pending.h"
#include "runtime/src/proc.h"
#include "runtime/src/process_memory.h"
#include "runtime/src/requests.h"
#include "runtime/src/updater.h"

#include <atomic>
#include <climits>
#include <ctime>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace wfp {

namespace {

constexpr std::size_t kStackBytes = 512 * 1024;
constexpr std::size_t kMaxClients = 16;
constexpr std::size_t kTouchedStack = 32 * 1024;
constexpr std::size_t kPreparedChunks = 8;

// While threads move: the first rounds follow one another closely, later ones ever more slowly.
constexpr std::uint64_t kFirstRoundNs = 50'000;
constexpr std::uint64_t kLastRoundNs = 10'000'000;

char startup_error[1024];
std::atomic<std::uint32_t> startup{0}; // futex: 0 starting, 1 answering, 2 failed

long clients[kMaxClients];
std::size_t client_count;

// The address "@wfpatch/<pid>".
socklen_t own_address(sockaddr_un &address) {
  address = {};
  address.sun_family = AF_UNIX;
  TextSink name(address.sun_path + 1, sizeof(address.sun_path) - 1);
  name << format::kSocketPrefix << sys::call(SYS_getpid);
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
}

long listen_on_own_address(Message &why) {
  sockaddr_un address;
  socklen_t length = own_address(address);
  long socket = sys::call(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  long result = sys::failed(socket) ? socket : sys::call(SYS_bind, socket, &address, length);
  if (!sys::failed(result))
    result = sys::call(SYS_listen, socket, kMaxClients);
  if (!sys::failed(result))
    return socket;
  why << "cannot listen on @" << (address.sun_path + 1) << ": " << sys::error_name(result);
  return -1;
}

bool may_command(long client) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (sys::failed(sys::call(SYS_getsockopt, client, SOL_SOCKET, SO_PEERCRED, &peer, &size)))
    return false;
  if (peer.uid == 0)
    return true;
  return is_dumpable() && peer.uid == static_cast<uid_t>(sys::call(SYS_geteuid));
}

void accept_client(long listener) {
  long client = sys::call(SYS_accept4, listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (sys::failed(client))
    return;
  timespec limit{2, 0}; // struct timeval of two seconds: the same two words
  sys::call(SYS_setsockopt, client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  if (!may_command(client)) {
    refuse_client(client, "permission denied: only root and the process's own user (if it is dumpable) may update it");
  } else if (client_count == kMaxClients) {
    refuse_client(client, "too many clients are connected");
  } else {
    clients[client_count++] = client;
    return;
  }
  sys::call(SYS_close, client);
}

void serve_clients(const pollfd *events) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < client_count; ++i) {
    if (!events[i].revents || serve_request(clients[i]))
      clients[kept++] = clients[i];
    else
      sys::call(SYS_close, clients[i]);
  }
  client_count = kept;
}

[[noreturn]] void run(long listener, long identity_events) {
  std::uint64_t round_ns = kFirstRoundNs;
  std::uint64_t last_view = 0;
  for (;;) {
    bool more_to_do = moving() || images_untold();
    pollfd events[2 + kMaxClients];
    events[0] = {static_cast<int>(listener), POLLIN, 0};
    events[1] = {static_cast<int>(identity_events), POLLIN, 0};
    for (std::size_t i = 0; i < client_count; ++i)
      events[2 + i] = {static_cast<int>(clients[i]), POLLIN, 0};
    timespec until{0, static_cast<long>(check_round_unfinished() ? 0 : round_ns)};
    sys::call(SYS_ppoll, events, 2 + client_count, more_to_do ? &until : nullptr, nullptr,
              sizeof(std::uint64_t));

    if (events[1].revents)
      adopt_identity();
    serve_clients(events + 2);
    if (events[0].revents)
      accept_client(listener);

    if (published_number() != last_view) {
      last_view = published_number();
      round_ns = kFirstRoundNs;
    } else if (round_ns < kLastRoundNs) {
      round_ns += round_ns / 4;
    }
    if (images_untold())
      (void)tell_images();
    if (moving())
      (void)move_threads();
  }
}

void report_startup(std::uint32_t outcome) {
  startup.store(outcome, std::memory_order_release);
  sys::call(SYS_futex, &startup, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

// What the first update is going to touch, touched while nobody waits: page faults are most of what it would cost.
__attribute__((noinline)) void touch_stack() {
  volatile char pages[kTouchedStack];
  for (std::size_t at = 0; at < sizeof(pages); at += 4096)
    pages[at] = 0;
}

void control_thread(void *) {
  sys::call(SYS_prctl, PR_SET_NAME, "wfpatch", 0, 0, 0);
  set_control_tid(static_cast<int>(sys::call(SYS_gettid)));
  // Without a table of our own nothing else is safe: the program could close and reuse our descriptors.
  long unshared = sys::call(SYS_close_range, 0, ~0u, CLOSE_RANGE_UNSHARE);
  if (sys::failed(unshared)) {
    TextSink(startup_error, sizeof(startup_error)) << "cannot have a descriptor table of its own (close_range): " << sys::error_name(unshared);
    return report_startup(2);
  }
  open_proc();
  Message why;
  long listener = open_process_memory(why) ? listen_on_own_address(why) : -1;
  if (listener < 0) {
    TextSink(startup_error, sizeof(startup_error)) << why.c_str();
    return report_startup(2);
  }
  client_count = 0;
  long identity_events = open_identity_events();
  report_startup(1);
  touch_stack();
  Arena::prepare(kPreparedChunks);
  run(listener, identity_events);
}

} // namespace

bool start_control_thread(Message &why) {
  startup.store(0, std::memory_order_relaxed);
  long tid = arch::start_bare_thread(control_thread, nullptr, kStackBytes);
  if (sys::failed(tid)) {
    why << "cannot start the control thread: " << sys::error_name(tid);
    return false;
  }
  while (startup.load(std::memory_order_acquire) == 0)
    sys::call(SYS_futex, &startup, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  if (startup.load(std::memory_order_acquire) == 1)
    return true;
  why << startup_error;
  return false;
}

} // namespace wfp
