// What the seeds are made of, C: OLD as it stands, NEW with -DNEW.  Small, but a piece of every kind.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct item {
  int key, count;
  struct item *next;
};

#ifdef NEW
#define STEP 3
#else
#define STEP 2
#endif

extern int subject_external(int);
int subject_shared = 5;
const char *subject_names[] = {"zero", "one", "two"};
static const double factors[] = {1.5, 2.5, STEP};
static struct item *first;
_Thread_local int subject_depth = 1;
static _Thread_local int visits;
__attribute__((weak)) int subject_weak(void) { return 1; }

static __attribute__((noinline)) int helper(int x) {
  static int calls;
  calls += STEP;
  return calls + x;
}

int subject_choose(int x) {
  ++visits;
  switch (x) {
  case 0: return helper(1);
  case 1: return subject_shared * STEP;
  case 2: return subject_depth;
  case 3: return subject_weak();
  case 4: return visits;
  case 5: return puts(STEP == 3 ? "new text" : "old text");
  case 6: return subject_external(x);
  }
  return -1;
}

double subject_scale(int x) { return x * factors[x % 3]; }

__attribute__((noinline)) static int compare(const struct item *item, int key) { return item->key - key - STEP; }

struct item *subject_find(int key) {
  for (struct item *item = first; item; item = item->next)
    if (compare(item, key) == 0)
      return item;
  return 0;
}

int (*subject_calls[])(int) = {subject_choose, helper};

int subject_print(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = vprintf(format, arguments) + (int)strlen(subject_names[1]);
  va_end(arguments);
  return written;
}

#ifdef NEW
static int fresh_state = 9;
__attribute__((noinline)) int subject_fresh(int x) { return fresh_state += helper(x); }
int subject_entry(int x) { return subject_fresh(x) + 1; }
#else
__attribute__((noinline)) static int gone(int x) { return x * 7; }
int subject_entry(int x) { return gone(x) + helper(x); }
#endif
