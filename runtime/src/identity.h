/* Users and groups: the control thread gives up what the process gives up.
 *
 * setuid() and its kin concern one task in the kernel; glibc repeats them in every thread that it knows, which the control thread
 * is not.  Their wrappers tell it, and it takes over the identity of the process's first thread: a server that starts as
 * root and drops its privileges has no privileged thread left.
 */
#ifndef WFPATCH_RUNTIME_IDENTITY_H
#define WFPATCH_RUNTIME_IDENTITY_H

#ifdef __cplusplus
extern "C" {
#endif

/* Application threads: wakes the control thread, without waiting for it.  Async-signal-safe; errno stays. */
__attribute__((visibility("hidden"))) void wfp_identity_changed(void);

#ifdef __cplusplus
}

namespace wfp {

// Control thread: a descriptor that becomes readable when wfp_identity_changed was called; negative on failure.
long open_identity_events();
// Control thread: reads the events, and takes over the first thread's users, groups and supplementary groups.
void adopt_identity();

} // namespace wfp
#endif
#endif
