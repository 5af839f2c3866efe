/* Births and deaths of threads, interposed.
 *
 * A new thread gets its record before its first instruction of the program, and starts in the published view.  A record is
 * given back as late as the thread itself can: in the last round of the destructors of thread-specific data, after C++
 * thread-local destructors.  What still runs then runs in a view whose table stays as long as the task exists (settling
 * looks at /proc/self/task).
 *
 * C, with -fexceptions: pthread_exit() and cancellation unwind through the start routine's caller.
 */
#define _GNU_SOURCE

#include "runtime/src/interpose.h"
#include "runtime/src/thread_birth.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

#define EXPORT __attribute__((visibility("default")))

static int (*real_pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static pthread_key_t end_key;
static int end_key_made;
static size_t default_stack_size = 8 << 20;

/* Called once a round for a thread whose value is not NULL; setting it again asks for another round. */
static void end_of_thread(void *thread) {
  if (wfp_last_exit_round(thread, PTHREAD_DESTRUCTOR_ITERATIONS))
    wfp_end_thread(thread);
  else
    pthread_setspecific(end_key, thread);
}

int wfp_prepare_thread_ends(void) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) == 0) {
    pthread_attr_getstacksize(&attributes, &default_stack_size);
    pthread_attr_destroy(&attributes);
  }
  end_key_made = pthread_key_create(&end_key, end_of_thread) == 0;
  return end_key_made;
}

void wfp_note_thread_end(void *thread) {
  if (end_key_made)
    pthread_setspecific(end_key, thread);
}

void wfp_resolve_thread_calls(void) {
  real_pthread_create = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlvsym(
      RTLD_NEXT, "pthread_create", "GLIBC_2.34");
  if (!real_pthread_create)
    real_pthread_create = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(
        RTLD_NEXT, "pthread_create");
}

/* The initial thread: its stack ends where the kernel began it. */
extern void *__libc_stack_end;

void wfp_begin_main_thread(void) {
  void *thread = wfp_new_thread(NULL, NULL, 0);
  if (!thread)
    return;
  wfp_begin_thread(thread, (uintptr_t)__libc_stack_end);
  wfp_note_thread_end(thread);
}

/* The first frame of a new thread. */
static void *start_thread_of_program(void *thread) {
  void *argument;
  void *(*start)(void *) = wfp_start_of(thread, &argument);
  wfp_begin_thread(thread, (uintptr_t)__builtin_frame_address(0));
  wfp_note_thread_end(thread);
  return start(argument);
}

static size_t stack_size_of(const pthread_attr_t *attributes) {
  size_t size;
  if (attributes && pthread_attr_getstacksize(attributes, &size) == 0 && size)
    return size;
  return default_stack_size;
}

EXPORT int wfp_call_pthread_create(pthread_t *result, const pthread_attr_t *attributes, void *(*start)(void *),
                                   void *argument) __asm__("pthread_create");
int wfp_call_pthread_create(pthread_t *result, const pthread_attr_t *attributes, void *(*start)(void *),
                            void *argument) {
  if (__builtin_expect(!real_pthread_create, 0))
    wfp_resolve_thread_calls();
  void *thread = wfp_new_thread(start, argument, stack_size_of(attributes));
  if (!thread) /* more threads than records: it runs, unknown to us */
    return real_pthread_create(result, attributes, start, argument);
  int error = real_pthread_create(result, attributes, start_thread_of_program, thread);
  if (error)
    wfp_end_thread(thread);
  return error;
}

/* glibc's thrd_create does not call pthread_create through a symbol.  Its threads are ordinary ones whose start routine returns
 * an int, which thrd_join reads from where pthread_join reads a pointer. */
struct C11Start {
  thrd_start_t start;
  void *argument;
};

static void *start_c11_thread(void *from) {
  struct C11Start begin = *(struct C11Start *)from;
  free(from);
  return (void *)(intptr_t)begin.start(begin.argument);
}

EXPORT int wfp_call_thrd_create(thrd_t *result, thrd_start_t start, void *argument) __asm__("thrd_create");
int wfp_call_thrd_create(thrd_t *result, thrd_start_t start, void *argument) {
  struct C11Start *begin = malloc(sizeof(*begin));
  if (!begin)
    return thrd_nomem;
  *begin = (struct C11Start){start, argument};
  int error = wfp_call_pthread_create(result, NULL, start_c11_thread, begin);
  if (!error)
    return thrd_success;
  free(begin);
  return error == ENOMEM ? thrd_nomem : thrd_error;
}
