// One change of two units, under every kind of build that a program may have: optimisation, debug information, position-independent or
// not, hardening, instrumentation, sanitizers, and what the objects go through before and after they are linked.
// RUN: %corpus %s %t -O0
// RUN: %corpus %s %t -O0 -g -fPIC
// RUN: %corpus %s %t -O1 -g
// RUN: %corpus %s %t -O2 -fno-pie
// RUN: %corpus %s %t -O3 -g -fPIC -fvisibility=hidden
// RUN: %corpus %s %t -Os -fno-pie -g
// RUN: %corpus %s %t -Oz -fno-asynchronous-unwind-tables
// RUN: %corpus %s %t -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fcf-protection -fstack-clash-protection
// RUN: %corpus %s %t -O1 -fno-pie -fcf-protection=branch -fstack-protector-all -ftrivial-auto-var-init=pattern
// RUN: %corpus %s %t -O2 -fzero-call-used-regs=used-gpr -fno-plt -fsplit-machine-functions -fno-omit-frame-pointer
// RUN: %corpus %s %t -O2 -march=x86-64-v3 -ffast-math -fno-strict-aliasing -fwrapv -funsigned-char
// RUN: %corpus %s %t -O0 -mretpoline
// RUN: %corpus %s %t -O0 -mlvi-cfi
// RUN: %corpus %s %t -O2 -pg
// RUN: %corpus %s %t -O2 -pg -mfentry -finstrument-functions
// RUN: %corpus %s %t -O2 -fpatchable-function-entry=5
// RUN: %corpus %s %t -O2 -fxray-instrument
// RUN: %corpus %s %t -O2 -fbasic-block-sections=all
// RUN: %corpus %s %t -O1 -fsanitize=safe-stack
// RUN: %corpus %s %t -O0 -fsanitize=undefined
// RUN: %corpus %s %t -O1 -fsanitize-coverage=trace-pc
// RUN: env CORPUS_FORM=archive %corpus %s %t -O2 -fuse-ld=lld -Wl,--gc-sections,--icf=all
// RUN: env CORPUS_FORM=relocatable %corpus %s %t -O2 -fuse-ld=lld
// RUN: env CORPUS_FORM=relocatable %corpus %s %t -O1 -g
// RUN: env CORPUS_FORM=stripped %corpus %s %t -O2 -g -Wl,-z,now,-z,relro -fuse-ld=gold
// UNITS: parser table
// DIFF: replaced function parse
// DIFF: replaced function weigh
// DIFF: replaced function describe
// DIFF: replaced function total
// DIFF: added function checked
// DIFF: added data parse.calls
#include "Inputs/corpus.h"
#include <stdlib.h>
#include <string.h>

struct entry {
  const char *name;
  int weight;
};
int parse(const char *text, struct entry *into), weigh(const struct entry *entry), total(void);
const char *describe(int kind);
extern int parsed;

#ifdef UNIT_parser
int parsed;
static NOINLINE int length_of(const char *text) {
  int length = 0;
  while (text[length])
    ++length;
  return length;
}
#ifdef NEW
static NOINLINE int checked(const char *text) { return length_of(text) < 16; }
#endif
int parse(const char *text, struct entry *into) {
  char buffer[64];
#ifdef NEW
  static int calls;
  if (!checked(text))
    return -1000 - ++calls;
#endif
  memset(buffer, 0, sizeof(buffer));
  strncpy(buffer, text, sizeof(buffer) - 1);
  into->weight = atoi(buffer) + OLD_NEW(0, 100);
  ++parsed;
  return length_of(buffer);
}
#elif defined(UNIT_table)
static int sum;
static int (*const weights[])(const struct entry *) = {weigh, weigh};
const char *describe(int kind) {
  switch (kind) {
  case 0: return "none";
  case 1: return OLD_NEW("some", "several");
  case 2: return "many";
  case 3: return "lots";
  case 4: return OLD_NEW("all", "everything");
  case 5: return "more";
  default: return "unknown";
  }
}
NOINLINE int weigh(const struct entry *entry) { return entry->weight * OLD_NEW(2, 3); }
int total(void) {
  struct entry entry = {"x", 5};
  for (int i = 0; i < 2; ++i)
    sum += weights[i](&entry) + OLD_NEW(0, 1000);
  return sum;
}
#else

int (*volatile pointer)(const char *, struct entry *) = parse;

// What -fsanitize-coverage=trace-pc calls, which is for the program to define.
__attribute__((no_sanitize("coverage"))) void __sanitizer_cov_trace_pc(void) {}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  int sum = 0;
  for (int round = 0; round < 2; ++round) {
    struct entry entry = {"x", 0};
    int (*before)(const char *, struct entry *) = pointer;
    int at = parsed;
    CHECK(parse("7", &entry) == 1 && entry.weight == 7 && weigh(&entry) == 14 && pointer("12345678901234567890", &entry) == 20);
    CHECK(parsed == at + 2 && strcmp(describe(1), "some") == 0 && strcmp(describe(4), "all") == 0 && strcmp(describe(9), "unknown") == 0);
    CHECK(total() == (sum += 20));
    apply(argv[1]);
    CHECK(parse("7", &entry) == 1 && entry.weight == 107 && weigh(&entry) == 321);
    CHECK(pointer("12345678901234567890", &entry) == -1001 - round && pointer == before && pointer == parse);
    CHECK(parsed == at + 3 && strcmp(describe(1), "several") == 0 && strcmp(describe(4), "everything") == 0);
    CHECK(strcmp(describe(2), "many") == 0 && strcmp(describe(9), "unknown") == 0);
    CHECK(total() == (sum += 2030));
    revert();
  }
  return 0;
}
#endif
