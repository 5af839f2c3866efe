// Stacks of the program's own making: each is in one version from the begin of an activation to its end, is moved while nobody runs on
// it, moves itself while somebody does, holds an update while an old function is active on it, and is named then.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new && cd %t
// RUN: for v in old new; do d=; test $v = new && d=-DNEW; %wfclang -O2 $d -DUNIT -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -lpthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: for c in held fresh moved running linked jumps own threads unmapped arguments ends forked barrier; do \
// RUN:   echo "$c" >&2; %t/program %t/update.wfp $c %wfpatch || exit 1; done

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

int version(void);
int version_around(void (*inside)(void)); // 0 when it saw two

#ifdef UNIT
#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif
static inline int value_of(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}
int version(void) { return value_of(VERSION); }
int version_around(void (*inside)(void)) {
  int first = version();
  inside();
  return first == value_of(VERSION) && version() == first ? first : 0;
}
#else

static const char *update;

enum { SIZE = 128 * 1024 };
struct Coroutine {
  ucontext_t context;
  char *stack;
  int saw; // the version that its activation was
  int done;
};
static ucontext_t caller; // of the coroutine that runs
static struct Coroutine *running;

static void yield(void) {
  struct Coroutine *own = running;
  swapcontext(&own->context, &caller);
}

static void start(struct Coroutine *coroutine, void (*body)(void), ucontext_t *link) {
  if (!coroutine->stack) {
    coroutine->stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(coroutine->stack != MAP_FAILED);
  }
  CHECK(getcontext(&coroutine->context) == 0);
  coroutine->context.uc_stack.ss_sp = coroutine->stack;
  coroutine->context.uc_stack.ss_size = SIZE;
  coroutine->context.uc_link = link;
  coroutine->saw = coroutine->done = 0;
  makecontext(&coroutine->context, body, 0);
}

static void resume(struct Coroutine *coroutine) {
  running = coroutine;
  CHECK(swapcontext(&caller, &coroutine->context) == 0);
}

// One activation that is suspended in its middle.
static void around_a_yield(void) {
  struct Coroutine *own = running;
  own->saw = version_around(yield);
  own->done = 1;
}

// Two, with nothing of the unit active while suspended.
static void between_yields(void) {
  struct Coroutine *own = running;
  own->saw = version();
  yield();
  own->saw = version();
  own->done = 1;
}

static __attribute__((noinline)) void clear_stack(void) {
  volatile char room[16384];
  for (size_t i = 0; i < sizeof(room); ++i)
    room[i] = 0;
}

// An activation that is suspended goes on in its version; the update settles when it has ended.  Others see the new one meanwhile.
static void held(void) {
  static struct Coroutine old, young;
  start(&old, around_a_yield, &caller);
  resume(&old);
  CHECK(!old.done);
  apply_now(update);
  WAIT_UNTIL(strstr(status(), "stack\t"));
  WAIT_UNTIL(strstr(status(), "held_by=version_around"));
  CHECK(!settled() && strstr(status(), "state=suspended"));
  clear_stack();
  WAIT_UNTIL(version() == 2);
  start(&young, around_a_yield, &caller);
  resume(&young);
  resume(&old);
  CHECK(old.done && old.saw == 1);
  clear_stack();
  WAIT_UNTIL(settled());
  resume(&young);
  CHECK(young.done && young.saw == 2);
}

// One that has not begun holds nothing, and begins in the new version.
static void fresh(void) {
  static struct Coroutine coroutine;
  start(&coroutine, between_yields, &caller);
  apply(update);
  resume(&coroutine);
  CHECK(coroutine.saw == 2);
  revert();
  resume(&coroutine);
  CHECK(coroutine.saw == 1 && coroutine.done);
}

// Thousands that are suspended outside of the unit are moved where they are.
static void moved(void) {
  enum { COUNT = 2000 };
  static struct Coroutine all[COUNT];
  for (int i = 0; i < COUNT; ++i) {
    start(&all[i], between_yields, &caller);
    resume(&all[i]);
    CHECK(all[i].saw == 1);
  }
  clear_stack();
  apply(update);
  CHECK(!strstr(status(), "stack\t"));
  for (int i = 0; i < COUNT; ++i) {
    resume(&all[i]);
    CHECK(all[i].saw == 2 && all[i].done);
  }
}

static void run_until_new(void) {
  struct Coroutine *own = running;
  int saw;
  while ((saw = version()) == 1) // polls on this stack
    ;
  own->saw = saw;
  own->done = 1;
}

static void *apply_in_thread(void *unused) {
  (void)unused;
  apply(update);
  return NULL;
}

// A thread that does not leave the stack changes over on it, and its own stack, suspended, is moved.
static void running_on_it(void) {
  static struct Coroutine coroutine;
  pthread_t thread;
  start(&coroutine, run_until_new, &caller);
  CHECK(pthread_create(&thread, NULL, apply_in_thread, NULL) == 0);
  resume(&coroutine);
  CHECK(coroutine.done && coroutine.saw == 2);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(version() == 2);
}

// The function returns, to uc_link: another coroutine, then the caller.  Stacks that are over hold nothing, and are used again.
static struct Coroutine first, second;
static void yield_in_second(void) { swapcontext(&second.context, &caller); }
static void linked_to(void) { second.saw = version_around(yield_in_second); }
static void linked(void) {
  for (int round = 0; round < 4; ++round) {
    int before = 1 + round % 2;
    start(&second, linked_to, &caller);
    start(&first, between_yields, &second.context);
    resume(&first);
    resume(&first); // ends, and the second begins
    CHECK(first.done && first.saw == before && second.saw == 0);
    clear_stack();
    if (before == 1)
      apply_now(update);
    else
      revert_now();
    WAIT_UNTIL(strstr(status(), "held_by=version_around"));
    WAIT_UNTIL(version() == 3 - before);
    resume(&second);
    CHECK(second.saw == before);
    clear_stack();
    WAIT_UNTIL(settled());
  }
}

// Switching by longjmp, once the stack has been entered by a context.
static jmp_buf here, there;
static int jumps_saw[4];
static void leave(void) {
  if (!_setjmp(there))
    _longjmp(here, 1);
}
static void jumper(void) {
  jumps_saw[0] = version_around(leave);
  leave();
  jumps_saw[1] = version();
  leave();
}
static void jump_there(void) {
  if (!_setjmp(here))
    _longjmp(there, 1);
}
static void jumps(void) {
  static struct Coroutine coroutine;
  start(&coroutine, jumper, NULL);
  running = &coroutine;
  if (!_setjmp(here))
    setcontext(&coroutine.context);
  apply_now(update); // suspended inside version_around
  WAIT_UNTIL(strstr(status(), "held_by=version_around"));
  clear_stack();
  WAIT_UNTIL(version() == 2);
  jump_there();
  CHECK(jumps_saw[0] == 1);
  clear_stack();
  WAIT_UNTIL(settled());
  jump_there();
  CHECK(jumps_saw[1] == 2);
}

// A switch of the program's own.
struct Switch {
  void *sp, *handle;
};
__attribute__((naked, noinline)) static void switch_stacks(void **save, void *to) {
  __asm__("push %rbp\n\tpush %rbx\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"
          "mov %rsp, (%rdi)\n\tmov %rsi, %rsp\n\t"
          "pop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbx\n\tpop %rbp\n\tret");
}
static struct Switch own_main, own_fiber;
static int own_saw[3];
static void fiber_yield(void) {
  wfp_stack_switch(NULL);
  switch_stacks(&own_fiber.sp, own_main.sp);
}
static void fiber(void) {
  own_saw[0] = version_around(fiber_yield);
  fiber_yield();
  own_saw[1] = version();
  fiber_yield();
}
static void fiber_resume(void) {
  wfp_stack_switch(own_fiber.handle);
  switch_stacks(&own_main.sp, own_fiber.sp);
}
static void own(void) {
  char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  own_fiber.handle = wfp_stack_register(stack, SIZE);
  CHECK(own_fiber.handle);
  void **top = (void **)(stack + SIZE) - 2;
  *top = (void *)fiber;
  own_fiber.sp = top - 6;
  fiber_resume();
  apply_now(update);
  WAIT_UNTIL(strstr(status(), "held_by=version_around"));
  fiber_resume();
  CHECK(own_saw[0] == 1);
  clear_stack();
  WAIT_UNTIL(settled());
  fiber_resume();
  CHECK(own_saw[1] == 2);
  wfp_stack_unregister(own_fiber.handle);
  revert();
}

// Suspended by one thread, resumed by another.
static struct Coroutine travelling;
static void *resume_elsewhere(void *link) {
  (void)link;
  resume(&travelling);
  return NULL;
}
static void threads(void) {
  pthread_t thread;
  start(&travelling, around_a_yield, &caller);
  CHECK(pthread_create(&thread, NULL, resume_elsewhere, NULL) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(!travelling.done);
  apply_now(update);
  WAIT_UNTIL(strstr(status(), "held_by=version_around"));
  CHECK(pthread_create(&thread, NULL, resume_elsewhere, NULL) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(travelling.done && travelling.saw == 1);
  clear_stack();
  WAIT_UNTIL(settled());
}

// Given up in the middle of an old activation, and unmapped: nobody can go on with it.
static void unmapped(void) {
  static struct Coroutine coroutine;
  start(&coroutine, around_a_yield, &caller);
  resume(&coroutine);
  apply_now(update);
  WAIT_UNTIL(strstr(status(), "held_by=version_around"));
  CHECK(munmap(coroutine.stack, SIZE) == 0);
  clear_stack();
  WAIT_UNTIL(settled());
}

// More arguments than registers, and wide ones.
static long sum;
static void add(long a, long b, long c, long d, long e, long f, long g, long h, long i) {
  CHECK(((uintptr_t)__builtin_frame_address(0) & 15) == 0);
  sum = a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i;
}
static void arguments(void) {
  static struct Coroutine coroutine;
  for (int count = 0; count < 2; ++count) {
    start(&coroutine, yield, &caller);
    makecontext(&coroutine.context, (void (*)(void))add, 9, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 1L << 40);
    sum = 0;
    resume(&coroutine);
    CHECK(sum == 1 + 4 + 9 + 16 + 25 + 36 + 49 + 64 + (9L << 40));
  }
}

// The thread ends on another stack than its own.
static void end_thread(void) { pthread_exit(NULL); }
static void *ends_elsewhere(void *unused) {
  static struct Coroutine coroutine;
  (void)unused;
  start(&coroutine, end_thread, NULL);
  setcontext(&coroutine.context);
  return NULL;
}
static void ends(void) {
  for (int i = 0; i < 20; ++i) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, ends_elsewhere, NULL) == 0 && pthread_join(thread, NULL) == 0);
  }
  apply(update);
  CHECK(version() == 2);
}

// A fork's child, made on such a stack, has all that were suspended.
static struct Coroutine other;
static void forker(void) {
  struct Coroutine *own = running;
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    apply_now(update);
    WAIT_UNTIL(strstr(status(), "held_by=version_around"));
    own->done = 2;
    return;
  }
  int result = -1;
  CHECK(waitpid(child, &result, 0) == child && result == 0);
  own->done = 1;
}
static void forked(void) {
  static struct Coroutine coroutine;
  start(&other, around_a_yield, &caller);
  resume(&other);
  start(&coroutine, forker, &caller);
  resume(&coroutine);
  if (coroutine.done == 2) {
    resume(&other);
    CHECK(other.saw == 1);
    clear_stack();
    WAIT_UNTIL(settled());
    CHECK(version() == 2);
    _exit(0);
  }
  CHECK(coroutine.done == 1 && version() == 1);
  resume(&other);
  CHECK(other.saw == 1);
  apply(update);
}

// All change over together: not while an old activation is suspended, and with those that are suspended elsewhere.
static const char *command;
static int apply_at_barrier(void) {
  char pid[16];
  snprintf(pid, sizeof(pid), "%d", getpid());
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    execl(command, command, "apply", pid, update, "--mode=barrier", "--timeout=1", (char *)NULL);
    _exit(9);
  }
  int result = -1;
  CHECK(waitpid(child, &result, 0) == child && WIFEXITED(result));
  return WEXITSTATUS(result);
}
static void barrier(void) {
  static struct Coroutine quiet, active;
  start(&quiet, between_yields, &caller);
  resume(&quiet);
  start(&active, around_a_yield, &caller);
  resume(&active);
  clear_stack();
  CHECK(apply_at_barrier() == 1);
  CHECK(version() == 1);
  resume(&active);
  CHECK(active.saw == 1);
  clear_stack();
  CHECK(apply_at_barrier() == 0);
  CHECK(version() == 2);
  resume(&quiet);
  CHECK(quiet.saw == 2);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } cases[] = {{"held", held}, {"fresh", fresh}, {"moved", moved}, {"running", running_on_it}, {"linked", linked}, {"jumps", jumps},
               {"own", own}, {"threads", threads}, {"unmapped", unmapped}, {"arguments", arguments}, {"ends", ends}, {"forked", forked},
               {"barrier", barrier}};
  CHECK(argc == 4);
  update = argv[1];
  command = argv[3];
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i)
    if (strcmp(cases[i].name, argv[2]) == 0) {
      cases[i].run();
      return 0;
    }
  CHECK(!"a case of this name");
}
#endif
