// The rules for the return addresses that stacks were seen to hold.
//
// DESIGN: a thread that unwinds its own stack may take no lock, allocate nothing and touch nothing that could vanish,
// such as the unwind tables of an object that is being dlclosed.  So the control thread reads the tables, and enters
// the rule for each return address that is met into one hash table of fixed size in .bss; a thread that misses one says
// where (ThreadRecord::wanted_*) and finds it at a later look.  Whole tables would be hundreds of kilobytes for libc
// alone; stacks hold the same few hundred addresses.
//
//   who           does                                          against
//   control       writes a rule, then its address (release)     a reader that finds the address (acquire) finds the
//   rule control       full: clears the other table, changes over    only when no record is `reading`, as with
//   publications any thread    looks up, at most kMaxProbes entries          never waits, never writes
//
// A rule of an object that can be unmapped holds while no dlclose() has begun since (image.h).  One that is out of date
// is left in its place, and a new one entered behind it.  Objects that glibc unloads by itself (converters of iconv)
// call nothing back and are on nobody's stack at a poll or park, so that no rule of theirs is ever made.
#pragma once

#include "runtime/src/frame_rule.h"

#include <cstddef>

namespace wfp {

// Copies the rule for `pc` if there is one.  Any thread whose record is `reading`, and the control thread; reads only.
[[nodiscard]] bool known_frame_rule(std::uintptr_t pc, FrameRule &rule);

// The rule for `pc`, made and entered if need be; false if no object is known to be there.  Control thread.
[[nodiscard]] bool make_frame_rule(std::uintptr_t pc, FrameRule &rule);

} // namespace wfp
