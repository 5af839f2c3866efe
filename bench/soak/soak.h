/* What the parts of the soak test share.
 *
 *   chain.c      the patched unit, in four versions: every activation of it checks that it sees one version
 *   objects.cpp  another one, in two: exceptions through patched frames, virtual calls, thread-locals with destructors
 *   span.c, library.c   program and library, in two versions that one update changes together
 *   plugin.c     a library that comes and goes (dlopen, dlclose), in two versions
 *   threads.cpp, births.cpp, handlers.cpp  the threads: all kinds of them
 *   driver.cpp   updates and reverts, at random
 *
 * Functions that end in `_version` return the version that all of their activation was, 0 when it saw two.
 */
#ifndef SOAK_H
#define SOAK_H

#ifdef __cplusplus
extern "C" {
#endif

typedef void SoakAction(void);

int chain_version(SoakAction *inside);
int chain_deep_version(int depth, SoakAction *inside);
/* State that must stay: one more each call, in every version. */
long chain_count(void);
/* State that version 2 brings: one more each call since then; -1 in version 1. */
long chain_added(void);

int objects_version(SoakAction *inside);
/* Throws through its own frames, and catches. */
int objects_throwing_version(int depth, SoakAction *inside);
/* From now on the thread's end runs objects_version() in a destructor. */
void objects_at_thread_end(void (*check)(int version));

int span_version(SoakAction *inside);
int library_version(SoakAction *inside);

#ifdef __cplusplus
}
#endif

/* The version as a value that no optimisation sees through. */
static inline int soak_opaque(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}

#endif
