// One instrumented library in several processes: an update changes it in the process that it was applied to, in no other one that has the
// same file mapped, and not the file.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -fPIC -DLIBRARY -c %s -o %t/old/library.o && %wfclang -O2 -fPIC -DLIBRARY -DNEW -c %s -o %t/new/library.o
// RUN: %clang -shared %t/old/library.o -o %t/liblibrary.so && cp %t/liblibrary.so %t/before.so
// RUN: %clang -O2 -DPROGRAM %s -o %t/program -L%t -llibrary -Wl,-rpath,%t %runtime
// RUN: %clang -O2 -I%root/runtime/include %s -o %t/driver
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/driver %t/program %wfpatch %t/update.wfp
// RUN: cmp %t/liblibrary.so %t/before.so

#if defined(LIBRARY)
static int calls;
int library_version(void) {
#ifdef NEW
  int value = 2;
#else
  int value = 1;
#endif
  __asm__ volatile("" : "+r"(value));
  return value + 10 * ++calls; // state of the process's own
}
#elif defined(PROGRAM)
#include <unistd.h>

int library_version(void);
// Answers each byte with what the library says.
int main(void) {
  for (char byte; read(0, &byte, 1) == 1;) {
    byte = (char)library_version();
    if (write(1, &byte, 1) != 1)
      return 1;
  }
  return 0;
}
#else

#include "Inputs/harness.h"
#include <spawn.h>
#include <sys/wait.h>

enum { kProcesses = 3 };
static pid_t pids[kProcesses];
static int to[kProcesses], from[kProcesses], calls[kProcesses];
static char *wfpatch, *update;

static void begin(int index, char *program) {
  int in[2], out[2];
  CHECK(pipe(in) == 0 && pipe(out) == 0);
  CHECK((pids[index] = fork()) >= 0);
  if (pids[index] == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    for (int file = 3; file < 64; ++file)
      close(file);
    execl(program, program, (char *)NULL);
    _exit(127);
  }
  to[index] = in[1];
  from[index] = out[0];
  close(in[0]);
  close(out[1]);
}
static void expect(int index, int version) {
  char byte = 0;
  CHECK(write(to[index], &byte, 1) == 1 && read(from[index], &byte, 1) == 1);
  CHECK(byte == version + 10 * ++calls[index]);
}
static void expect_all(int first, int second, int third) {
  expect(0, first);
  expect(1, second);
  expect(2, third);
}
static void change(const char *how, int index) {
  char pid[16];
  int state;
  snprintf(pid, sizeof(pid), "%d", pids[index]);
  pid_t child = fork();
  if (child == 0) {
    execl(wfpatch, wfpatch, how, pid, *how == 'a' ? update : NULL, (char *)NULL);
    _exit(127);
  }
  CHECK(child > 0 && waitpid(child, &state, 0) == child && WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

int main(int argc, char **argv) {
  CHECK(argc == 4);
  wfpatch = argv[2];
  update = argv[3];
  alarm(60);
  for (int i = 0; i < kProcesses; ++i)
    begin(i, argv[1]);
  expect_all(1, 1, 1);
  change("apply", 0);
  expect_all(2, 1, 1);
  change("apply", 1);
  expect_all(2, 2, 1);
  change("revert", 0);
  expect_all(1, 2, 1);
  change("apply", 2);
  change("apply", 0);
  expect_all(2, 2, 2);
  for (int i = 0; i < kProcesses; ++i) {
    close(to[i]);
    int state;
    CHECK(waitpid(pids[i], &state, 0) == pids[i] && state == 0);
  }
  return 0;
}
#endif
