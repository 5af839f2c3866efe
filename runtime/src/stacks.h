/* Stacks of the program's own making: coroutines, fibers, contexts.
 *
 * A stack is to the protocol what a thread is (thread_registry.h): it has a record, and the view in which its activations run.  Whoever
 * runs on it has that record as `wfp_self`, polls and parks with it, and moves it.  A stack that nobody runs on is parked: the control
 * thread moves it.  Going from one stack to another parks the one and unparks the other.
 *
 *   event                                   from                      to
 *   makecontext, wfp_stack_register                                   PARKED, in the maker's view
 *   swapcontext, setcontext, longjmp,       polls, then (P)           wfp_self = to, then (U)
 *   wfp_stack_switch                        (P): park_inline.h        (U): park_inline.h
 *   a context's function returns            its record is given back  wfp_self = to, then (U)
 *
 * The way to the new stack is taken a few instructions after its record: a signal's handler in between runs in the new stack's view, with
 * a stack pointer that lies outside of that stack, and moves nothing.
 *
 * Application threads; wait-free but for the first use of a part of the address space (mmap); switching is async-signal-safe.
 */
#ifndef WFPATCH_RUNTIME_STACKS_H
#define WFPATCH_RUNTIME_STACKS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WFP_HIDDEN_STACKS __attribute__((visibility("hidden")))

/* The stack [low, low + size), on which nobody runs; what lies at or above `sp` is in use.  Takes the place of all that were registered
 * there.  NULL when there is no record left, or the calling thread runs there: it is then as a stack that the runtime does not know. */
WFP_HIDDEN_STACKS void *wfp_add_stack(void *low, size_t size, uintptr_t sp);
/* The stack is over.  Nobody runs on it. */
WFP_HIDDEN_STACKS void wfp_remove_stack(void *stack);

/* The calling thread is about to go to the stack that `sp` lies on: a registered one, else the thread's own.  It leaves the present one
 * in the function with the frame address `frame`.  Returns what wfp_come_back needs. */
WFP_HIDDEN_STACKS void *wfp_go_to_stack(uintptr_t sp, void *frame);
/* The same, and what it leaves is over where it lies below `sp`: handlers, a park. */
WFP_HIDDEN_STACKS void *wfp_jump_to_stack(uintptr_t sp, void *frame);
/* It did not go there after all. */
WFP_HIDDEN_STACKS void wfp_come_back(void *left);

#ifdef __cplusplus
}

namespace wfp {

struct ThreadRecord;

// The live stack that an address lies on, or nullptr.  Async-signal-safe.
ThreadRecord *stack_at(uintptr_t address);
// Gives a stack's record back, once, whoever asks first.
void release_stack(ThreadRecord &stack);

} // namespace wfp
#endif
#endif
