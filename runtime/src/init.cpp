// Beginning: when the runtime is loaded, before the program's own constructors, and in a fork's child.
//
// A program that is not instrumented (the runtime was preloaded into a shell, say) is left alone.  Whatever fails here leaves a
// program that runs as usual and cannot be updated; the reason is logged.

#include "runtime/arch/x86_64/gate_code.h"
#include "runtime/src/api.h"
#include "runtime/src/barrier.h"
#include "runtime/src/base/arena.h"
#include "runtime/src/control.h"
#include "runtime/src/dso.h"
#include "runtime/src/image.h"
#include "runtime/src/interpose.h"
#include "runtime/src/log.h"
#include "runtime/src/pending.h"
#include "runtime/src/signal_entry.h"
#include "runtime/src/process_memory.h"
#include "runtime/src/thread_registry.h"
#include "runtime/src/unwind.h"
#include "runtime/src/updater.h"

#include <cstdlib>
#include <pthread.h>
#include <sys/auxv.h>

namespace wfp {

namespace {

bool running; // the control thread was started

// A variable of the environment; not under AT_SECURE (a set-user-ID program), where whoever started it must not steer it.
const char *setting(const char *name) { return getauxval(AT_SECURE) ? nullptr : std::getenv(name); }

// Boost.Context's functions that the program calls past ours switch stacks unseen: coroutines would come back in the middle of old code when
// their thread is in the new one.
void refuse_unseen_switches() {
  static Message reason;
  const char *file = wfp_unseen_switches();
  if (!file)
    return;
  reason << "coroutines are not seen, since " << file << " has Boost.Context's functions and stands before libwfpatch.so in the order of "
         << "libraries: link libwfpatch.so before Boost.Context's shared library";
  refuse_updates(reason.c_str());
  log_event("no update can be applied: ", reason.c_str());
}

// ---- a fork's child: one thread, no control thread, the parent's pid no longer its own

void begin_in_child() {
  if (!running)
    return;
  Message why;
  forget_other_threads();
  open_barrier();
  forget_closes_of_other_threads();
  Arena::forget_ready();
  set_log(setting("WFPATCH_LOG"));
  running = finish_parents_change(why) && prepare_sync_core(why) && start_control_thread(why);
  if (!running)
    log_event("not updatable after fork: ", why.c_str());
}

[[nodiscard]] bool begin(Message &why) {
  if (!prepare_thread_registry()) {
    why << "out of memory for the thread registry";
    return false;
  }
  if (!publish_first_view(why) || !refresh_images(why))
    return false;
  wfp_begin_main_thread();
  if (image_count() == 0)
    return true;
  (void)tell_images();
  if (!prepare_sync_core(why) || !start_control_thread(why))
    return false;
  pthread_atfork(nullptr, nullptr, begin_in_child);
  running = true;
  return true;
}

// Priority 101: in a static program before the program's own constructors; in a shared library the order of initialisation
// does that already.
__attribute__((constructor(101))) void initialise() {
  set_log(setting("WFPATCH_LOG"));
  wfp_resolve_calls();
  wfp_resolve_locks();
  wfp_resolve_fcntl();
  wfp_resolve_syscall();
  wfp_resolve_library_calls();
  if (const char *library = wfp_earlier_library())
    log_event("waits in it are not seen, since it stands before libwfpatch.so in the order of libraries: ", library);
  wfp_resolve_thread_calls();
  wfp_resolve_dlclose();
  wfp_resolve_context_calls();
  refuse_unseen_switches();
  wfp_resolve_identity_calls();
  wfp_prepare_signals();
  resolve_unwind_interposers();
  wfp_prepare_thread_ends();
  capture_tls_modules();
  Message why;
  if (!begin(why)) {
    log_event("this process cannot be updated: ", why.c_str());
    return;
  }
  const char *updates = running ? setting("WFPATCH_UPDATES") : nullptr;
  if (updates && *updates)
    apply_folder(updates);
}

} // namespace

} // namespace wfp
