// Statics that the optimiser would have made constant (table), taken apart (pair), shrunk to a bit (level), or dropped (last) in
// OLD, and that NEW uses otherwise: both versions see one variable.
// RUN: %corpus %s %t -O2 -g
// RUN: %corpus %s %t.fixed -O3 -fno-pie
// DIFF: replaced function write_table
// DIFF: replaced function set_pair
// DIFF: replaced function set_level
// DIFF: replaced function get_last
#include "Inputs/corpus.h"

int read_table(unsigned), get_a(void), get_b(void), get_level(void), get_last(void);
void write_table(unsigned, int), bump(void), set_pair(int), set_level(int);

#ifndef PROGRAM
static int table[4] = {1, 2, 3, 4};
static struct {
  int a, b, c;
} pair;
static int level;
static int last;

int read_table(unsigned at) { return table[at & 3]; }
void write_table(unsigned at, int value) {
  last = value;
  OLD_NEW((void)at, table[at & 3] = value);
}
void bump(void) {
  pair.a++;
  pair.c += 2;
}
void set_pair(int value) { OLD_NEW((void)value, pair.b = value); }
int get_a(void) { return pair.a; }
int get_b(void) { return pair.b * 10 + pair.c; }
void set_level(int value) { level = value ? OLD_NEW(9, value > 3 ? 10 : 9) : 0; }
int get_level(void) { return level; }
int get_last(void) { return OLD_NEW(0, last); }
#else

int main(int argc, char **argv) {
  CHECK(argc == 3);
  bump();
  set_level(7);
  write_table(1, 50);
  set_pair(5);
  CHECK(read_table(1) == 2 && get_a() == 1 && get_b() == 2 && get_level() == 9 && get_last() == 0);
  apply(argv[1]);
  CHECK(get_level() == 9 && get_b() == 2 && get_last() == 50);
  write_table(1, 60);
  set_pair(5);
  set_level(7);
  bump();
  CHECK(read_table(1) == 60 && get_a() == 2 && get_b() == 54 && get_level() == 10 && get_last() == 60);
  revert();
  write_table(1, 70);
  set_pair(6);
  bump();
  CHECK(read_table(1) == 60 && get_a() == 3 && get_b() == 56 && get_level() == 10 && get_last() == 0);
  set_level(7);
  CHECK(get_level() == 9);
  apply(argv[1]);
  CHECK(get_last() == 70 && get_level() == 9);
  return 0;
}
#endif
