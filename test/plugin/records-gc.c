// Records live and die with what they describe, whatever the linker, and need nothing dynamic.
// With bfd --gc-sections alone keeps all records (and what they describe), since it keeps what __start_ symbols refer to.
//
// RUN: %wfclang -O2 -c %s -o %t.o
// RUN: llvm-readelf -rW %t.o | FileCheck --check-prefix=RELOCATIONS %s
//
// RUN: %wfclang %t.o -o %t.lld -fuse-ld=lld -Wl,--gc-sections,--fatal-warnings
// RUN: %t.lld && %records %t.lld main live dead counter unread state unused | FileCheck --check-prefix=GC %s
// RUN: %wfclang %t.o -o %t.bfd -fuse-ld=bfd -Wl,--gc-sections,-z,start-stop-gc,--fatal-warnings
// RUN: %t.bfd && %records %t.bfd main live dead counter unread state unused | FileCheck --check-prefix=GC %s
// RUN: %wfclang -O2 -no-pie %s -o %t.lld -fuse-ld=lld -Wl,--gc-sections,--fatal-warnings
// RUN: %t.lld && %records %t.lld main live dead counter unread state unused | FileCheck --check-prefix=GC %s
// RUN: %wfclang -O2 -no-pie %s -o %t.bfd -fuse-ld=bfd -Wl,--gc-sections,-z,start-stop-gc,--fatal-warnings
// RUN: %t.bfd && %records %t.bfd main live dead counter unread state unused | FileCheck --check-prefix=GC %s
//
// RUN: %wfclang %t.o -o %t.all -fuse-ld=bfd -Wl,--gc-sections,--fatal-warnings
// RUN: %t.all && %records %t.all main live dead counter unread state unused | FileCheck --check-prefix=ALL %s
// RUN: %wfclang %t.o -o %t.all -fuse-ld=lld -Wl,--fatal-warnings
// RUN: %t.all && %records %t.all main live dead counter unread state unused | FileCheck --check-prefix=ALL %s
// RUN: llvm-strip %t.all && %t.all && %records %t.all main live dead counter unread state unused | FileCheck --check-prefix=STRIPPED %s
//
// RUN: %wfclang -O2 -fPIC -shared %s -o %t.so -fuse-ld=lld -Wl,-z,text,--fatal-warnings
// RUN: %records %t.so main live dead counter unread state unused | FileCheck --check-prefix=ALL %s
// RUN: llvm-readelf -rW %t.so | FileCheck --check-prefix=DYNAMIC %s
// RUN: %wfclang -O2 -fPIC -shared %s -o %t.so -fuse-ld=bfd -Wl,-z,text,--fatal-warnings
// RUN: %records %t.so main live dead counter unread state unused | FileCheck --check-prefix=ALL %s
// RUN: llvm-readelf -rW %t.so | FileCheck --check-prefix=DYNAMIC %s
//
// RELOCATIONS: '.relawfp_functions'
// RELOCATIONS: R_X86_64_PC32 {{.*}} .text.live + 0
// RELOCATIONS-NEXT: R_X86_64_PC32 {{.*}} .note.wfpatch + 14
// RELOCATIONS: '.relawfp_variables'
// RELOCATIONS: R_X86_64_PC32 {{.*}} .data.counter + 0
// GC-NOT: dead
// GC-NOT: unused
// GC-NOT: unread
// GC-DAG: function live flags=sled {{.*}} live ok
// GC-DAG: function main flags=sled {{.*}} main ok
// GC-DAG: tls state flags={{.*}} size=4 {{.*}} ok
// GC-DAG: variable counter flags={{.*}} counter ok
// GC-DAG: unit records-gc.c|{{.*}} flags=0 image=.bss aligned=True
// GC-NOT: dead
// GC-NOT: unused
// GC-NOT: unread
// ALL-DAG: function live flags=sled {{.*}} live ok
// ALL-DAG: function main flags=sled {{.*}} main ok
// ALL-DAG: function dead flags=sled {{.*}} dead ok
// ALL-DAG: tls state flags={{.*}} size=4 {{.*}} ok
// ALL-DAG: tls unused flags={{.*}} size=8 {{.*}} ok
// ALL-DAG: variable counter flags={{.*}} counter ok
// ALL-DAG: variable unread flags={{.*}} unread ok
// STRIPPED-DAG: function live flags=sled size=0 in=.text unit=records-gc.c|{{.*}}
// STRIPPED-DAG: tls unused
// STRIPPED-DAG: variable counter
// DYNAMIC-NOT: wfp
// DYNAMIC-NOT: R_X86_64_PC32
#include <stdio.h>
int counter = 3;
static int unread = 9;
__thread int state = 1;
__thread long unused = 4;
__attribute__((noinline)) int live(int x) { return x + counter++ + state++; }
int dead(void) { return unread++ + unused++; }
// Constants in sections whose content the linker merges: lld does not let a record be ordered by those.
static const int table[4] = {4, 3, 2, 1};
static const char digits[] = "0001020304050607080910111213141516171819";
__attribute__((noinline)) int lookup(unsigned i) { return table[i & 3] + digits[i % 40]; }
int main(void) { return live(1) != 5 || lookup(0) != 4 + '0'; }
