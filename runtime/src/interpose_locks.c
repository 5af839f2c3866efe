/* Locks, interposed: a thread that waits for a lock parks, as in the other blocking calls (interpose.c).
 *
 * Most acquisitions do not wait, and must stay as cheap as they are: the lock is tried first, and the thread parks only if
 * somebody else holds it.  Whatever trying gives but EBUSY is what locking would have given (0, EOWNERDEAD, ENOTRECOVERABLE, EAGAIN, EINVAL);
 * what only locking gives (EDEADLK) comes from the real call.  In a program of one thread glibc locks without
 * an atomic operation, which trying would not: if no other process can hold the lock there is nobody to wait for, and the real call is made at once.
 *
 * The forms with a deadline check their arguments before they try; they park at once.
 *
 * Not under ThreadSanitizer, where the program's own objects hold this file: it must see every lock itself.
 */
#define _GNU_SOURCE

#include "runtime/src/interpose.h"
#include "runtime/src/interpose_wrap.h"

#include <errno.h>
#include <pthread.h>
#include <sys/single_threaded.h>
#include <threads.h>
#include <time.h>

#if !defined(__SANITIZE_THREAD__)
/* Whether other processes may hold it.  In a mutex that is a bit of its kind, which static initialisers make part of glibc's ABI. */
static inline int mutex_is_shared(const pthread_mutex_t *mutex) { return mutex->__data.__kind & 128; }
static inline int rwlock_is_shared(const pthread_rwlock_t *lock) { return lock->__data.__shared != 0; }
static inline int mtx_is_shared(const mtx_t *mutex) { return (void)mutex, 0; }

/* LOCK(name, type of the lock, the function that tries, what that says if the lock is held, whether it is shared) */
#define WFP_LOCKS(LOCK)                                                                                                \
  LOCK(pthread_mutex_lock, pthread_mutex_t, pthread_mutex_trylock, EBUSY, mutex_is_shared)                                              \
  LOCK(pthread_rwlock_rdlock, pthread_rwlock_t, pthread_rwlock_tryrdlock, EBUSY, rwlock_is_shared)                                       \
  LOCK(pthread_rwlock_wrlock, pthread_rwlock_t, pthread_rwlock_trywrlock, EBUSY, rwlock_is_shared)                                       \
  LOCK(mtx_lock, mtx_t, mtx_trylock, thrd_busy, mtx_is_shared)

#define WFP_TIMED_LOCKS(CALL)                                                                                          \
  CALL(int, pthread_mutex_timedlock, (pthread_mutex_t * mutex, const struct timespec *deadline), (mutex, deadline),     \
       NULL, -1)                                                                                                       \
  CALL(int, pthread_mutex_clocklock, (pthread_mutex_t * mutex, clockid_t clock, const struct timespec *deadline),       \
       (mutex, clock, deadline), NULL, -1)                                                                             \
  CALL(int, mtx_timedlock, (mtx_t * mutex, const struct timespec *deadline), (mutex, deadline), NULL, -1)               \
  CALL(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t * lock, const struct timespec *deadline), (lock, deadline),   \
       NULL, -1)                                                                                                       \
  CALL(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t * lock, const struct timespec *deadline), (lock, deadline),   \
       NULL, -1)                                                                                                       \
  CALL(int, pthread_rwlock_clockrdlock, (pthread_rwlock_t * lock, clockid_t clock, const struct timespec *deadline),    \
       (lock, clock, deadline), NULL, -1)                                                                              \
  CALL(int, pthread_rwlock_clockwrlock, (pthread_rwlock_t * lock, clockid_t clock, const struct timespec *deadline),    \
       (lock, clock, deadline), NULL, -1)

/* Both are found at the first call of either, so that later ones need not ask. */
#define DECLARE_LOCK(name, type, try, busy, shared)                                                                    \
  static int first_##name(type *), first_##try(type *);                                                                \
  static int (*real_##name)(type *) = first_##name, (*real_##try)(type *) = first_##try;
#define RESOLVE_LOCK(name, type, try, busy, shared)                                                                    \
  real_##name = (int (*)(type *))resolve_call(#name, NULL);                                                            \
  real_##try = (int (*)(type *))resolve_call(#try, NULL);
#define DEFINE_FIRST(name, type, try, busy, shared)                                                                    \
  static int first_##name(type *lock) {                                                                                \
    RESOLVE_LOCK(name, type, try, busy, shared)                                                                        \
    return real_##name(lock);                                                                                          \
  }                                                                                                                    \
  static int first_##try(type *lock) {                                                                                 \
    RESOLVE_LOCK(name, type, try, busy, shared)                                                                        \
    return real_##try(lock);                                                                                           \
  }

WFP_LOCKS(DECLARE_LOCK)
WFP_LOCKS(DEFINE_FIRST)
WFP_TIMED_LOCKS(DECLARE_REAL)

void wfp_resolve_locks(void) {
  WFP_LOCKS(RESOLVE_LOCK)
  WFP_TIMED_LOCKS(RESOLVE)
}

#define DEFINE_LOCK(name, type, try, busy, shared)                                                                     \
  static __attribute__((noinline)) int wait_in_##name(type *lock) {                                                    \
    PARK();                                                                                                            \
    return real_##name(lock);                                                                                          \
  }                                                                                                                    \
  EXPORT int wfp_call_##name(type *lock) __asm__(#name);                                                               \
  int wfp_call_##name(type *lock) {                                                                                    \
    if (__builtin_expect(__libc_single_threaded && !shared(lock), 0))                                                  \
      return real_##name(lock);                                                                                        \
    int error = real_##try(lock);                                                                                      \
    return __builtin_expect(error == busy, 0) ? wait_in_##name(lock) : error;                                          \
  }

WFP_LOCKS(DEFINE_LOCK)
WFP_TIMED_LOCKS(DEFINE_WRAPPER)
#else
void wfp_resolve_locks(void) {}
#endif
