// An update of a function that a thread may never leave does less than it seems to: said when it is made, and in
// --explain, with what can be done.  A function that never returns because it ends the program is none.
// RUN: mkdir -p %t/old %t/new && %wfclang -O2 -c %s -o %t/old/a.o && %wfclang -O2 -DNEW -c %s -o %t/new/a.o
// RUN: %wfclang -O2 -DLOOP -c %s -o %t/old/b.o && %wfclang -O2 -DLOOP -DNEW -c %s -o %t/new/b.o
// RUN: %wfdiff %t/old %t/new -o %t/u.wfp --explain > %t/out 2> %t/err
// RUN: FileCheck %s --check-prefix=WARN --implicit-check-not=warning < %t/err && FileCheck %s --check-prefix=EXPLAIN --implicit-check-not=note: < %t/out
// WARN-DAG: wfdiff: warning: {{.*}}a.o: worker: is replaced and calls serve, which holds a loop without an exit: a thread inside it keeps the old version for ever, unless --allow-active worker lets it finish there in old code{{$}}
// WARN-DAG: wfdiff: warning: {{.*}}a.o: gone: is removed and holds a loop without an exit: a thread inside it keeps
// WARN-DAG: wfdiff: warning: {{.*}}a.o: main: is replaced and is active in the first thread as long as the program runs: a thread inside it keeps the old version for ever, unless --allow-active main lets it finish there in old code{{$}}
// WARN-DAG: wfdiff: warning: {{.*}}b.o: serve: is replaced and holds a loop without an exit: {{.*}} --allow-active serve lets {{.*}}; in a program built with -fplugin-arg-wfpatch-event-loops=outline, a change inside the loop reaches it at the next turn
// EXPLAIN: replaced function worker: {{.*}}
// EXPLAIN: note: it calls serve, which holds a loop without an exit: {{.*}} --allow-active worker
// EXPLAIN: replaced function die:
// EXPLAIN: replaced function once:
// EXPLAIN: replaced function main:
// EXPLAIN: note: it is active in the first thread
// EXPLAIN: removed function gone: only in OLD
// EXPLAIN-NEXT: note: it holds a loop without an exit: {{.*}} --allow-active gone
// EXPLAIN: replaced function serve:
// EXPLAIN: note: it holds a loop without an exit: {{.*}} --allow-active serve
//
// Who has said that it may stay needs no warning.  `wfpatch inspect` shows it later.
// RUN: %wfdiff %t/old %t/new -o %t/u.wfp --allow-active main --allow-active worker --allow-active gone 2>&1 | FileCheck %s --check-prefix=ALLOWED --implicit-check-not=warning
// ALLOWED: wfdiff: warning: {{.*}}: serve: is replaced
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// DUMP-DAG: note {{.*}}serve: is replaced and holds a loop without an exit
void step(int);
_Noreturn void exit(int);
_Noreturn void serve(int);
#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif
#ifdef LOOP
_Noreturn void serve(int first) {
  step(first);
  for (;;)
    step(VERSION);
}
#else
void *worker(void *unused) {
  (void)unused;
  step(VERSION);
  serve(1);
}
_Noreturn void die(void) {
  step(10 + VERSION);
  exit(1);
}
void once(void) {
  for (int i = 0; i < 100; ++i)
    step(i + VERSION);
}
#ifndef NEW
void gone(void) {
  for (;;)
    step(5);
}
#endif
int main(void) {
  step(20 + VERSION);
  return 0;
}
#endif
