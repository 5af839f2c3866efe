// Big structs by value, as arguments and results; bit-fields; a type whose layout changes where every object of it is an
// automatic variable of a function that changes with it.
// RUN: %corpus %s %t -O2
// RUN: %corpus %s %t -O0
// UNITS: a b
// DIFF: replaced function make
// DIFF: replaced function total
// DIFF: replaced function pack
// DIFF: replaced function passing
#include "Inputs/corpus.h"

struct Big {
  long values[20];
  char tag;
};
struct Bits {
  unsigned first : 3, second : 7;
  int third : 9;
  unsigned long wide : 40;
  _Bool flag : 1;
};
struct Big make(long from), stays(struct Big big);
long total(struct Big big, int factor), caller(long from), passing(long value);
struct Bits pack(struct Bits bits);
int unpack(struct Bits bits);

#ifdef UNIT_a
struct Big make(long from) {
  struct Big big = {{0}, OLD_NEW('o', 'n')};
  for (int i = 0; i < 20; ++i)
    big.values[i] = from + i * OLD_NEW(1, 2);
  return big;
}
struct Big stays(struct Big big) {
  big.values[19] = -1;
  return big;
}
long total(struct Big big, int factor) {
  long sum = 0;
  for (int i = 0; i < 20; ++i)
    sum += big.values[i] * factor;
  return sum + OLD_NEW(0, big.tag);
}
struct Bits pack(struct Bits bits) {
  bits.first += OLD_NEW(1, 3);
  bits.third = OLD_NEW(-200, 200);
  bits.OLD_NEW(second, wide) = 99;
  bits.flag ^= 1;
  return bits;
}
int unpack(struct Bits bits) { return (int)bits.first * 1000000 + (int)bits.second * 1000 + bits.third; }
#elif defined(UNIT_b)

long caller(long from) { return total(make(from), 3); }
long passing(long value) {
  struct Own {
#ifdef NEW
    long more;
#endif
    long value;
  } own = {.value = value};
  own.value *= 2;
#ifdef NEW
  own.more = 1000;
  own.value += own.more;
#endif
  return own.value;
}
#else

int main(int argc, char **argv) {
  (void)argc;
  struct Bits bits = {1, 20, -3, 1ul << 39, 0};
  CHECK(caller(10) == (200 + 190) * 3 && stays(make(1)).values[19] == -1 && make(5).tag == 'o' && passing(4) == 8);
  struct Bits packed = pack(bits);
  CHECK(unpack(packed) == 2098800 && packed.wide == 1ul << 39 && packed.flag);
  apply(argv[1]);
  CHECK(caller(10) == (200 + 380) * 3 + 'n' && stays(make(1)).values[18] == 37 && make(5).tag == 'n' && passing(4) == 1008);
  packed = pack(packed);
  CHECK(unpack(packed) == 5099200 && packed.wide == 99 && !packed.flag);
  revert();
  CHECK(caller(10) == (200 + 190) * 3 && make(5).tag == 'o' && unpack(pack(packed)) == 6098800 && passing(4) == 8);
}
#endif
