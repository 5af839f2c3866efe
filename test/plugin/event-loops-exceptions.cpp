// Exceptions that are thrown, caught and passed on in event loops, and what is destroyed on their way, do not depend on
// whether the loops' bodies are functions of their own.
// RUN: mkdir -p %t && %wfclangxx -w -O1 %s -o %t/kept && %t/kept > %t/expected && FileCheck %s < %t/expected
// RUN: for O in "-O0 -g" "-O2 -g" "-O3 -fsanitize=address,undefined"; do \
// RUN:   %wfclangxx -w $O -fplugin-arg-wfpatch-event-loops=outline -Rpass=wfpatch -Rpass-missed=wfpatch %s -o %t/outlined 2> %t/remarks || exit 1; \
// RUN:   FileCheck %s --check-prefix=REMARK --implicit-check-not=remark: < %t/remarks && \
// RUN:   %t/outlined > %t/output && diff %t/expected %t/output || exit 1; done
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>

static int pipes[2];
static void requests(const char *bytes) {
  (void)!pipe(pipes);
  (void)!write(pipes[1], bytes, strlen(bytes));
  close(pipes[1]);
}
static bool wait_for(char &byte) {
  if (read(pipes[0], &byte, 1) == 1)
    return true;
  close(pipes[0]);
  return false;
}

struct Bad { char what; };
struct Worse { std::string what; };
static int alive;
struct Local {
  const char *name;
  Local(const char *name) : name(name) { ++alive; }
  Local(const Local &) = delete;
  ~Local() { --alive, std::printf("~%s ", name); }
};
__attribute__((noinline)) static void handle(char c) {
  if (c == 'b')
    throw Bad{c};
  if (c == 'w')
    throw Worse{"a long string that lives in the heap, not in the object"};
  std::printf("%c ", c);
}

// CHECK: caught: a bad c ~turn ~turn ~turn ~outer 3
// REMARK-DAG: remark: the loop's body is _ZL6caughtv.loop.h
__attribute__((noinline)) static int caught() {
  Local outer("outer");
  int turns = 0;
  char c;
  while (wait_for(c)) {
    try {
      handle(c);
    } catch (const Bad &b) {
      std::printf("%cad ", b.what);
    }
    ++turns;
  }
  for (int i = 0; i < turns; ++i)
    Local turn("turn");
  return turns;
}

// The handler is outside of the loop, and reached from it alone.
// CHECK: around: a ~inner ~inner bad ~outer 1
// REMARK-DAG: remark: the loop's body is _ZL6aroundv.loop.h
__attribute__((noinline)) static int around() {
  Local outer("outer");
  int turns = 0;
  char c;
  try {
    while (wait_for(c)) {
      Local inner("inner");
      handle(c);
      ++turns;
    }
  } catch (const Worse &w) {
    std::printf("%s ", w.what.c_str());
  } catch (const Bad &b) {
    std::printf("%cad ", b.what);
  }
  return turns;
}

// One handler for what is thrown in front of the loop and in it.
// CHECK: before: x a bad 2
// REMARK-DAG: remark: the event loop's body stays in _ZL6beforeb, because it shares handlers of exceptions with other code of the function
__attribute__((noinline)) static int before(bool early) {
  int how = 1;
  char c;
  try {
    handle(early ? 'w' : 'x');
    how = 2;
    while (wait_for(c))
      handle(c);
  } catch (const Worse &w) {
    std::printf("%s ", w.what.c_str());
  } catch (const Bad &b) {
    std::printf("%cad ", b.what);
  }
  return how;
}

// The same, with something to destroy in between: another landing pad, the same handlers.
// CHECK: between: x a ~turn ~turn a long string that lives in the heap, not in the object 2
// REMARK-DAG: remark: the event loop's body stays in _ZL7betweenb, because it shares handlers of exceptions with other code of the function
__attribute__((noinline)) static int between(bool early) {
  int how = 1;
  char c;
  try {
    handle(early ? 'w' : 'x');
    how = 2;
    while (wait_for(c)) {
      Local turn("turn");
      handle(c);
    }
  } catch (const Bad &b) {
    std::printf("%cad ", b.what);
  } catch (const Worse &w) {
    std::printf("%s ", w.what.c_str());
  }
  return how;
}

// It passes through: whatever is alive is destroyed, once.
// CHECK: through: a a x ~turn ~turn ~second ~first -> bad
// REMARK-DAG: remark: the loop's body is _ZL7throughv.loop.h
__attribute__((noinline)) static void through() {
  Local first("first");
  handle('a');
  Local second("second");
  char c;
  wait_for(c);
  for (;;) {
    Local turn("turn");
    if (!wait_for(c))
      return;
    handle(c);
    if (c == 'a')
      handle('w' + 1);
  }
}

// Caught, and thrown again: the same object, to a handler in another function.
// CHECK: again: a rethrown ~text -> a long string that lives in the heap, not in the object
// REMARK-DAG: remark: the loop's body is _ZL5againv.loop.h
__attribute__((noinline)) static void again() {
  Local text("text");
  char c;
  while (wait_for(c)) {
    try {
      handle(c);
    } catch (...) {
      std::printf("rethrown ");
      throw;
    }
  }
}

// Out of a handler: the exception ends on the way.
// CHECK: leaves: a ~turn bad ~turn ~outer 7
// REMARK-DAG: remark: the loop's body is _ZL6leavesv.loop.h
__attribute__((noinline)) static int leaves() {
  Local outer("outer");
  char c;
  for (;;) {
    Local turn("turn");
    if (!wait_for(c))
      break;
    try {
      handle(c);
    } catch (Bad &b) {
      std::printf("%cad ", b.what);
      return 7;
    } catch (...) {
      break;
    }
  }
  return 8;
}

// CHECK: nested: a bad ~inner ~inner (b) ~outer 2
// REMARK-DAG: remark: the loop's body is _ZL6nestedv.loop.h
// REMARK-DAG: remark: the loop's body is _ZL6nestedv.loop.loop.h
__attribute__((noinline)) static int nested() {
  Local outer("outer");
  volatile int rounds = 0;
  while (rounds < 2) {
    requests(rounds ? "b" : "ab");
    char c;
    try {
      while (wait_for(c)) {
        try {
          handle(c);
        } catch (Bad &b) {
          if (rounds)
            throw;
          std::printf("%cad ", b.what);
          Local one("inner");
          Local two("inner");
        }
      }
    } catch (Bad &b) {
      std::printf("(%c) ", b.what);
      close(pipes[0]);
    }
    rounds = rounds + 1;
  }
  return rounds;
}

// CHECK: noexcept: a c 2
// REMARK-DAG: remark: the loop's body is _ZL7promisev.loop.h
__attribute__((noinline)) static int promise() noexcept {
  int turns = 0;
  handle('a');
  char c;
  while (wait_for(c)) {
    handle(c);
    ++turns;
  }
  return turns + 1;
}

template <typename F> void run(const char *name, const char *bytes, F call) {
  std::printf("%s: ", name);
  requests(bytes);
  try {
    call();
  } catch (Bad &b) {
    std::printf("-> %cad\n", b.what);
  } catch (Worse &w) {
    std::printf("-> %s\n", w.what.c_str());
  }
  if (alive)
    std::printf("%d are left\n", alive);
}

// CHECK-NOT: are left
int main() {
  run("caught", "abc", [] { std::printf("%d\n", caught()); });
  run("around", "ab", [] { std::printf("%d\n", around()); });
  run("before", "ab", [] { std::printf("%d\n", before(false)); });
  run("between", "aw", [] { std::printf("%d\n", between(false)); });
  run("through", "aab", [] { through(); });
  run("again", "aw", [] { again(); });
  run("leaves", "ab", [] { std::printf("%d\n", leaves()); });
  run("nested", "", [] { std::printf("%d\n", nested()); });
  run("noexcept", "c", [] { std::printf("%d\n", promise()); });
}
