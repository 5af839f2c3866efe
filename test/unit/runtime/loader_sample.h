// A unit of code with records, as the plugin would emit it, but written in assembly: so that the loader's tests need no
// plugin and know every byte.  It lives in the test program, which thereby is an instrumented image.
#pragma once

#include <cstdint>

namespace wfp::test {

inline constexpr char kSampleKey[] = "sample/a.c|sample/a.o";
inline constexpr char kOtherKey[] = "sample/b.c|sample/b.o";
inline constexpr char kTwiceKey[] = "sample/twice.c|sample/twice.o"; // two units have it
inline constexpr std::uint8_t kSampleId = 0x11, kOtherId = 0x33, kTwiceId = 0x44; // every byte of the ids

// Entries of the sample's functions, sled first.  Bodies (behind 5 bytes of sled):
//   sample_add     lea (%rdi,%rsi), %eax; ret          8d 04 37 c3
//   sample_fold_a  mov $7, %eax; ret                   b8 07 00 00 00 c3   (sample_fold_b is the same address)
//   sample_plain   mov $9, %eax; ret                   no sled
//   sample_comdat  mov $3, %eax; ret                   recorded by the other unit, as COMDAT
//   sample_hooked  mov $2, %eax; ret                   int3 where its sled should be
//   sample_split   jmp sample_split_cold               e9 rel32            (the cold part: mov $5, %eax; ret)
extern "C" int sample_add(int a, int b);
extern "C" int sample_fold_a();
extern "C" int sample_plain();
extern "C" int sample_comdat();
extern "C" int sample_split();
extern "C" int library_present(); // loader_library.c
extern "C" int library_data;
extern "C" char sample_split_cold[];
inline constexpr unsigned kAddBytes = 9, kFoldBytes = 11, kPlainBytes = 6, kSplitBytes = 10, kColdBytes = 6;

extern "C" int sample_variable; // 41
extern thread_local int sample_thread_local; // 17, in this file's records with the offset that a linker gives

} // namespace wfp::test
