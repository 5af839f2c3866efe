/* wfpatch: the API for programs that want to take part in their own updating.
 *
 * None of it is needed: an unmodified program takes updates through the `wfpatch` command.  C99, C11 and C++.
 * Link with -lwfpatch, except for wfp_quiescence_point(), which the plugin turns into an inline check: a program that
 * only has explicit points also runs without the runtime.
 */
#ifndef WFPATCH_WFPATCH_H
#define WFPATCH_WFPATCH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WFPATCH_API_VERSION 1

/* The programmer's word that this thread may change over to a newer version here, whatever is on its stack: no look at the
 * stack is taken.  Any thread, async-signal-safe, wait-free; a load and a predicted branch while no update is on its way. */
void wfp_quiescence_point(void);

/* Brackets a wait that the runtime does not know (a raw futex, a custom scheduler): between the two, the control thread
 * may move this thread to a newer version without waking it.  What they enclose must call no patchable function.
 * wfp_park_begin returns a token for wfp_park_end; calls do not nest.  Any thread; wait-free. */
void *wfp_park_begin(void);
void wfp_park_end(void *token);

/* Stacks of the program's own making (coroutines, fibers) that it switches to by code of its own: each has a version of its own, as a
 * thread has, and changes over also while nobody runs on it.  makecontext(), swapcontext(), setcontext(), longjmp() and Boost.Context's
 * shared library need none of this: the runtime sees them.
 *
 * wfp_stack_register: the stack [low, low + size), on which nobody runs yet.  NULL when the runtime has no room for it; it may then be used
 * all the same, and threads do not change over while they are on it.
 * wfp_stack_switch: call it right before each switch, with what wfp_stack_register returned; NULL goes back to the thread's own stack.
 * wfp_stack_unregister: the stack is not going to be run on any more, and nobody does; before its memory is reused.
 * Any thread, also another one each time; wait-free; wfp_stack_switch is async-signal-safe. */
void *wfp_stack_register(void *low, size_t size);
void wfp_stack_switch(void *stack);
void wfp_stack_unregister(void *stack);

/* Applies the update in the file `path` to this process, wait-free.  0 when it is published (threads then change over each
 * at its own time), 1 when it was refused; `message` then holds the reason, one line, cut to `size` bytes (it may be NULL if
 * `size` is 0).  Blocks the caller until the control thread has answered; not async-signal-safe; errno may change. */
int wfp_apply(const char *path, char *message, size_t size);

/* Takes back the update whose id (a prefix of its 64 hexadecimal digits) or file name is `update`; NULL or "" means the
 * newest.  Returns and blocks as wfp_apply. */
int wfp_revert(const char *update, char *message, size_t size);

/* The process as rows of text (the format of `status` in the project's format/protocol.h).  Returns the number of bytes
 * that the whole text needs, 0 when the control thread did not answer; writes at most `size` of them, NUL-terminated. */
size_t wfp_status(char *text, size_t size);

/* The number of the published version: 0 before the first update, one more with each update and each revert.
 * Any thread, async-signal-safe. */
unsigned long wfp_published_view(void);

#ifdef __cplusplus
}
#endif
#endif
