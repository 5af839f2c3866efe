// Flags that alter the ABI, each refused by name.
// RUN: %corpus %s %t -O2
// NEW-FLAGS: -funsigned-char -fshort-enums -fpack-struct=2 -mlong-double-64 -fno-pie -fcf-protection -fexceptions
// REFUSED: (unit): compiler option cf-protection changed: "none" -> "full"; build NEW with OLD's options
// REFUSED: (unit): compiler option char-signed changed: true -> false
// REFUSED: (unit): compiler option exceptions changed: false -> true
// REFUSED: (unit): compiler option long-double changed: 80 -> 64
// REFUSED: (unit): compiler option pack-struct changed: 0 -> 2
// REFUSED: (unit): compiler option pic changed: 2 -> 0
// REFUSED: (unit): compiler option pie changed: true -> false
// REFUSED: (unit): compiler option short-enums changed: false -> true
#include "Inputs/corpus.h"

#ifndef PROGRAM
int f(int value) { return value + OLD_NEW(1, 2); }
#endif
