// Checking the stacks of other threads.  Control thread only.
//
// A parked stack does not change while the thread's `state` does not: the check reads copies of it, in pieces, over
// several rounds if it is deep, and the compare-exchange that moves the thread tells whether all of it was of one park.
// Small stacks are done first and in one go; one round does a bounded piece of deep ones, so that they delay nobody
// else.
#pragma once

#include "runtime/src/publication.h"
#include "runtime/src/thread_registry.h"

#include <cstdint>

namespace wfp {

// A new round: what the deep stacks may cost begins anew.
void begin_check_round();
// Whether the round ended before a deep stack was done with: then the next one should follow at once.
bool check_round_unfinished();

// Whether nothing affected is active on the stack of a thread that was seen parked in state `seen`; says in the record
// what is. A false "yes" is possible only if the thread has awoken since, in which case a compare-exchange with `seen`
// fails.
bool parked_stack_is_quiescent(ThreadRecord &record, std::uint64_t seen, const Publication &publication);

// Makes the rules that a running thread missed when it walked its own stack (frame_rules.h): those of the frame where
// it stopped and of all above it.  What is read there may be changing; a rule is right whoever asked for it.
void make_wanted_rules(ThreadRecord &record);

} // namespace wfp
