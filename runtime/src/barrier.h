// Barrier mode: the classical method.  Every thread stops at its next quiescence point, the update is applied, all go on.
//
// A stopped thread is a parked one that waits on `barrier_word`; a thread that is parked anyway is held: it may
// finish its blocking call, but then waits too.  This is the one place where an application thread waits, and it
// does so only because the operator asked for it (--mode=barrier).
#pragma once

#include "runtime/src/base/text.h"
#include "runtime/src/publication.h"
#include "runtime/src/thread_registry.h"

namespace wfp {

// Application thread, its stack being clear: parks and waits until the barrier opens.
void stop_at_barrier(ThreadRecord &record, std::uintptr_t sp);

// Application thread, at the end of a park during which it was held: waits until the barrier opens, then takes the view
// that it was given.
void wait_until_released(ThreadRecord &record);

// Control thread, with the closed publication published: returns true once every task is parked and held, so that it goes no
// further than the end of its blocking call; false (and which thread did not stop) after the time-out.
[[nodiscard]] bool gather_threads(const Publication &closed, std::uint64_t timeout_ms, Message &why);

// Control thread, with an open publication published: all go on.  `into_new_view`: everybody was gathered, and first takes
// the published view.
void release_threads(bool into_new_view);

// In a fork's child whose parent gathers threads: there is nobody who would open it.
void open_barrier();

} // namespace wfp
