/* What init.cpp calls of the C files with the interposed functions. */
#ifndef WFPATCH_RUNTIME_INTERPOSE_H
#define WFPATCH_RUNTIME_INTERPOSE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Finds the real functions.  Once, at load. */
__attribute__((visibility("hidden"))) void wfp_resolve_calls(void);
__attribute__((visibility("hidden"))) void wfp_resolve_locks(void);
__attribute__((visibility("hidden"))) void wfp_resolve_fcntl(void);
__attribute__((visibility("hidden"))) void wfp_resolve_syscall(void);
__attribute__((visibility("hidden"))) void wfp_resolve_library_calls(void);
__attribute__((visibility("hidden"))) void wfp_resolve_thread_calls(void);
__attribute__((visibility("hidden"))) void wfp_resolve_dlclose(void);
__attribute__((visibility("hidden"))) void wfp_resolve_context_calls(void);
__attribute__((visibility("hidden"))) void wfp_resolve_identity_calls(void);

/* The file of a library with waits that stands before the runtime, so that these are not seen; NULL if none does.  After
 * wfp_resolve_library_calls(). */
__attribute__((visibility("hidden"))) const char *wfp_earlier_library(void);

/* The file whose stack switches the program calls past the runtime (Boost.Context's library before it, or in the program); NULL if there is
 * none.  After wfp_resolve_context_calls(). */
__attribute__((visibility("hidden"))) const char *wfp_unseen_switches(void);

/* Makes the key whose destructor ends a thread's record; the record of the initial thread. */
__attribute__((visibility("hidden"))) int wfp_prepare_thread_ends(void);
__attribute__((visibility("hidden"))) void wfp_begin_main_thread(void);

#ifdef __cplusplus
}
#endif
#endif
