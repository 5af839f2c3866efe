// Walking real stacks, with libgcc's unwinder as the oracle: the same return addresses and the same frame addresses,
// through frames of every kind that compilers make.

#include "runtime/arch/x86_64/frame.h"
#include "runtime/src/cfi.h"
#include "runtime/src/frame_walk.h"

#include <gtest/gtest.h>

#include <alloca.h>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <immintrin.h>
#include <link.h>
#include <pthread.h>
#include <random>
#include <unwind.h>
#include <vector>

// The caller's registers, as a poll's entry sees them.
extern "C" void test_registers(wfp::Registers *to);
__asm__(R"(
  .text
  .globl test_registers
  .type test_registers, @function
test_registers:
  .cfi_startproc
  mov (%rsp), %rax
  mov %rax, (%rdi)
  lea 8(%rsp), %rax
  mov %rax, 8(%rdi)
  mov %rbp, 16(%rdi)
  movb $1, 24(%rdi)
  ret
  .cfi_endproc
  .size test_registers, . - test_registers
)");
static_assert(offsetof(wfp::Registers, pc) == 0 && offsetof(wfp::Registers, sp) == 8 &&
              offsetof(wfp::Registers, fp) == 16 && offsetof(wfp::Registers, fp_known) == 24);

namespace {

using namespace wfp;

#define OPAQUE __attribute__((noinline, noclone))
// Not a tail call: something is left to do.
#define STAY __asm__ volatile("" ::: "memory")

struct Frame {
  std::uintptr_t pc, cfa;
  bool operator==(const Frame &other) const { return pc == other.pc && cfa == other.cfa; }
};
std::ostream &operator<<(std::ostream &out, const Frame &frame) {
  Dl_info info = {};
  dladdr(reinterpret_cast<void *>(frame.pc), &info);
  return out << std::hex << frame.pc << " (" << (info.dli_sname ? info.dli_sname : "?") << ") below " << frame.cfa;
}

// ---- tables of the objects of this program

bool copy_memory(std::uintptr_t address, void *to, std::size_t size) {
  std::memcpy(to, reinterpret_cast<const void *>(address), size);
  return true;
}

std::uintptr_t unwind_header(std::uintptr_t pc) {
  dl_find_object found;
  return _dl_find_object(reinterpret_cast<void *>(pc), &found) == 0
             ? reinterpret_cast<std::uintptr_t>(found.dlfo_eh_frame)
             : 0;
}

bool rule_of(std::uintptr_t pc, FrameRule &rule) {
  static CfiScratch scratch;
  std::uintptr_t header = unwind_header(pc);
  if (header)
    rule = find_frame_rule(copy_memory, header, pc, scratch);
  return header != 0;
}

bool own_word(std::uintptr_t address, std::uintptr_t &value) {
  value = *reinterpret_cast<const volatile std::uintptr_t *>(address);
  return true;
}

std::uintptr_t stack_top() {
  pthread_attr_t attributes;
  void *low;
  std::size_t size;
  EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  EXPECT_EQ(pthread_attr_getstack(&attributes, &low, &size), 0);
  pthread_attr_destroy(&attributes);
  return reinterpret_cast<std::uintptr_t>(low) + size;
}

// ---- both walks of this stack, above the caller

std::vector<Frame> frames_by_libgcc() {
  std::vector<Frame> frames;
  _Unwind_Backtrace(
      [](_Unwind_Context *context, void *to) {
        // libgcc names a frame with the CFA of the one below.
        static_cast<std::vector<Frame> *>(to)->push_back({_Unwind_GetIP(context), _Unwind_GetCFA(context)});
        return _URC_NO_REASON;
      },
      &frames);
  return frames;
}

WalkEnd walk_all(FrameWalk walk, std::uintptr_t top, std::vector<Frame> &frames) {
  const Transition nothing{};
  const AffectedRange *active;
  for (;;) {
    frames.push_back({walk.frame.pc, walk.frame.sp});
    WalkEnd end = walk_frames(walk, nothing, top, 1, rule_of, own_word, active);
    if (end != WalkEnd::kTired)
      return end;
  }
}

bool compared; // by the innermost function of each test

OPAQUE void compare() {
  Registers here;
  test_registers(&here);
  std::vector<Frame> ours, theirs = frames_by_libgcc();
  EXPECT_EQ(walk_all({here, here.sp}, stack_top(), ours), WalkEnd::kClear);
  // The innermost frames are of this function, at another call, and of the oracle's.
  std::size_t skip = 0;
  while (skip < theirs.size() && theirs[skip].cfa <= here.sp)
    ++skip;
  theirs.erase(theirs.begin(), theirs.begin() + static_cast<std::ptrdiff_t>(skip));
  ours.erase(ours.begin());
  while (!theirs.empty() && theirs.back().pc == 0) // libgcc reports the end, too
    theirs.pop_back();
  EXPECT_EQ(ours, theirs);
  EXPECT_GT(ours.size(), 3u);
  compared = true;
}

class Walk : public testing::Test {
protected:
  void SetUp() override { compared = false; }
  void TearDown() override { EXPECT_TRUE(compared); }
};

TEST_F(Walk, PlainFrames) { compare(); }

TEST_F(Walk, LibraryCallsBack) {
  int numbers[] = {3, 1, 2};
  std::qsort(numbers, 3, sizeof(int), [](const void *a, const void *b) {
    if (!compared)
      compare();
    return *static_cast<const int *>(a) - *static_cast<const int *>(b);
  });
}

TEST_F(Walk, LibraryCallsBackThroughAFunctionObject) {
  std::function<void(int)> recurse = [&](int depth) {
    if (depth)
      recurse(depth - 1);
    else
      compare();
    STAY;
  };
  recurse(5);
}

OPAQUE void variable_frame(std::size_t size) {
  auto *bytes = static_cast<volatile char *>(alloca(size));
  bytes[0] = 1;
  compare();
  bytes[size - 1] = 2;
}
TEST_F(Walk, FrameOfVariableSize) {
  variable_frame(100);
  variable_frame(5000);
}

// Aligned more than the stack is: gcc keeps the CFA in memory (DW_CFA_def_cfa_expression) when the frame's size varies,
// too.
OPAQUE void aligned_frame(std::size_t size) {
  alignas(64) char aligned[64];
  auto *bytes = static_cast<volatile char *>(alloca(size));
  __asm__ volatile("" : : "r"(aligned) : "memory");
  bytes[0] = 1;
  compare();
  __asm__ volatile("" : : "r"(aligned) : "memory");
  bytes[size - 1] = 2;
}
TEST_F(Walk, AlignedFrame) {
  aligned_frame(1);
  aligned_frame(1000);
}

__attribute__((noinline, noclone, force_align_arg_pointer)) void realigned_frame(int depth) {
  volatile int keep = depth;
  if (depth)
    realigned_frame(depth - 1);
  else
    compare();
  keep = keep + 1;
}
TEST_F(Walk, RealignedFrame) { realigned_frame(3); }

__attribute__((noinline, noclone, target("avx"))) void vector_frame(const double *numbers) {
  __m256d kept = _mm256_loadu_pd(numbers);
  __asm__ volatile("" : "+m"(kept));
  compare();
  __asm__ volatile("" : "+m"(kept));
}
TEST_F(Walk, FrameWithVectors) {
  const double numbers[4] = {1, 2, 3, 4};
  if (__builtin_cpu_supports("avx"))
    vector_frame(numbers);
  else
    compare();
}

// Many arguments on the stack: the distance to the CFA changes within the function.
OPAQUE long many_arguments(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j) {
  compare();
  return a + b + c + d + e + f + g + h + i + j;
}
TEST_F(Walk, ArgumentsOnTheStack) { EXPECT_EQ(many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 55); }

struct CompareAtEnd {
  ~CompareAtEnd() { compare(); }
};
OPAQUE void thrower(int depth) {
  CompareAtEnd end;
  if (depth == 0)
    throw depth;
  thrower(depth - 1);
}
// Destructors that run while an exception is unwound.
TEST_F(Walk, DuringAnException) { EXPECT_THROW(thrower(2), int); }

OPAQUE void catcher() {
  try {
    throw 1;
  } catch (int) {
    compare();
  }
}
TEST_F(Walk, InAHandlerOfAnException) { catcher(); }

// The call is the last instruction of its function: the return address belongs to the next one.
[[noreturn]] OPAQUE void compare_and_end_thread() {
  compare();
  pthread_exit(nullptr);
}
OPAQUE void calls_and_never_returns() { compare_and_end_thread(); }
TEST_F(Walk, CallThatEndsItsFunction) {
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, nullptr,
                [](void *) -> void * {
                  calls_and_never_returns();
                  return nullptr;
                },
                nullptr),
            0);
  pthread_join(thread, nullptr);
}

// Some thousand instructions with the stack pointer moving in between.
template <int N> OPAQUE long one_of_many(long a, long b, long c, long d, long e, long f, long g) {
  __asm__ volatile("" : "+r"(a));
  return a + b + c + d + e + f + g + N;
}
template <int... N> long calls_all(std::integer_sequence<int, N...>) {
  long sum = 0;
  ((sum += one_of_many<N>(sum, N, 2, 3, 4, 5, 6)), ...);
  compare();
  ((sum += one_of_many<N>(sum, N, 2, 3, 4, 5, 6)), ...);
  return sum;
}
TEST_F(Walk, BigFunction) { EXPECT_NE(calls_all(std::make_integer_sequence<int, 200>()), 0); }

// All that linkers and compilers have put into the objects of this program is understood or refused.
TEST(Cfi, EveryFunctionOfEveryObjectIsRead) {
  struct Counts {
    std::size_t functions = 0, usable = 0;
  } counts;
  dl_iterate_phdr(
      [](dl_phdr_info *info, std::size_t, void *to) {
        auto &counts = *static_cast<Counts *>(to);
        static CfiScratch scratch;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          if (info->dlpi_phdr[i].p_type != PT_GNU_EH_FRAME)
            continue;
          std::uintptr_t header = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
          std::int32_t count, row[2];
          std::memcpy(&count, reinterpret_cast<void *>(header + 8), 4);
          for (std::int32_t at = 0; at < count; ++at) {
            std::memcpy(row, reinterpret_cast<void *>(header + 12 + 8 * static_cast<std::uintptr_t>(at)), 8);
            std::uintptr_t begin = header + static_cast<std::intptr_t>(row[0]);
            ++counts.functions;
            // At its first call, if there is one in the first bytes.
            for (std::uintptr_t pc = begin + 1; pc < begin + 64; ++pc) {
              FrameRule rule = find_frame_rule(copy_memory, header, pc, scratch);
              if (rule.kind == FrameRule::kUsable) {
                ++counts.usable;
                break;
              }
            }
          }
        }
        return 0;
      },
      &counts);
  EXPECT_GT(counts.functions, 3000u); // libc alone
  EXPECT_GT(counts.usable, counts.functions / 4);
}

// ---- what must never happen: a fault, or an endless walk

// Reads only what lies in one object's tables, and those with bytes changed at random.
struct Damaged {
  std::vector<std::uint8_t> bytes;
  std::uintptr_t begin = 0;
};
Damaged damaged;
bool read_damaged(std::uintptr_t address, void *to, std::size_t size) {
  if (size == arch::kCallBytes && address < damaged.begin) { // of the text, which lies in front: a call
    std::memset(to, 0xe8, size);
    return true;
  }
  if (address < damaged.begin || size > damaged.bytes.size() || address - damaged.begin > damaged.bytes.size() - size)
    return false;
  std::memcpy(to, damaged.bytes.data() + (address - damaged.begin), size);
  return true;
}

TEST(Cfi, DamagedTablesGiveNoFault) {
  auto pc = reinterpret_cast<std::uintptr_t>(&std::qsort) + 40;
  std::uintptr_t header = unwind_header(pc);
  std::int32_t frames, count;
  std::memcpy(&frames, reinterpret_cast<void *>(header + 4), 4);
  std::memcpy(&count, reinterpret_cast<void *>(header + 8), 4);
  // The header and the frames behind it, of which the last row's is the end, or nearly so.
  std::uintptr_t end = header + 4 + static_cast<std::intptr_t>(frames) + 64 * 1024;
  std::vector<std::uint8_t> whole(end - header);
  copy_memory(header, whole.data(), whole.size());
  damaged.begin = header;
  static CfiScratch scratch;
  std::mt19937 random(1);
  std::size_t usable = 0, refused = 0;
  std::vector<std::uintptr_t> functions;
  for (std::int32_t at = 0; at < count; at += 7) {
    std::int32_t row;
    std::memcpy(&row, whole.data() + 12 + 8 * at, 4);
    functions.push_back(header + static_cast<std::intptr_t>(row) + 1);
  }
  for (int round = 0; round < 300; ++round) {
    damaged.bytes = whole;
    for (int i = 0; i < 4000; ++i)
      damaged.bytes[12 + 8 * static_cast<std::size_t>(count) * (i % 8 == 0 ? 0 : 1) + random() % (64 * 1024)] =
          static_cast<std::uint8_t>(random());
    for (int i = 0; i < 50; ++i) {
      FrameRule rule = find_frame_rule(read_damaged, header, functions[random() % functions.size()], scratch);
      ++(rule.kind == FrameRule::kUnknown ? refused : usable);
    }
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(usable, 0u);
}

// Stacks and rules at random: a walk stays inside the stack, rises, and ends.
TEST(RandomWalk, StaysInTheStackAndEnds) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::uintptr_t> stack(64);
    auto low = reinterpret_cast<std::uintptr_t>(stack.data()), top = low + stack.size() * 8;
    for (std::uintptr_t &word : stack)
      word = random() % 3 ? low + random() % (stack.size() * 9) : random();
    auto rules = [&](std::uintptr_t, FrameRule &rule) {
      rule.kind = random() % 16 ? FrameRule::kUsable : FrameRule::kOutermost;
      rule.cfa_base = random() % 2 ? FrameRule::kStackPointer : FrameRule::kFramePointer;
      rule.cfa_indirect = random() % 4 == 0;
      rule.cfa_offset = static_cast<std::int32_t>(random() % 64) - 8;
      rule.frame_pointer = static_cast<FrameRule::Saved>(random() % 3);
      rule.frame_base = static_cast<FrameRule::Base>(random() % 3);
      rule.frame_offset = static_cast<std::int32_t>(random() % 64) - 48;
      rule.return_offset = -8;
      return random() % 64 != 0;
    };
    auto words = [&](std::uintptr_t address, std::uintptr_t &value) {
      EXPECT_TRUE(address >= low && address + 8 <= top && address % 8 == 0);
      value = stack[(address - low) / 8];
      return true;
    };
    const Transition nothing{};
    const AffectedRange *active;
    FrameWalk walk{{random(), low + 8, stack[0], true}, low};
    EXPECT_NE(walk_frames(walk, nothing, top, stack.size() + 1, rules, words, active), WalkEnd::kTired);
  }
}

// Damaged stacks often lead in circles.
TEST(RandomWalk, FrameThatDoesNotRiseIsRefused) {
  std::uintptr_t stack[4] = {1, 2, 3, 4};
  auto low = reinterpret_cast<std::uintptr_t>(stack);
  FrameRule rule;
  rule.kind = FrameRule::kUsable;
  rule.cfa_base = FrameRule::kFramePointer;
  Registers frame{1, low + 8, low + 8, true};
  EXPECT_EQ(step_to_caller(rule, frame, low + sizeof stack, own_word), FrameStep::kFailed);
  rule.return_offset = 0;
  frame.fp = low + 16;
  EXPECT_EQ(step_to_caller(rule, frame, low + sizeof stack, own_word), FrameStep::kWalked);
  EXPECT_EQ(frame.sp, low + 16);
  EXPECT_EQ(step_to_caller(rule, frame, low + sizeof stack, own_word), FrameStep::kFailed);
}

// ---- calls

bool call(std::initializer_list<std::uint8_t> code) {
  std::uint8_t before[arch::kCallBytes] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90};
  std::copy(code.begin(), code.end(), before + arch::kCallBytes - code.size());
  return arch::ends_in_call(before);
}

TEST(Calls, AllFormsAreKnown) {
  EXPECT_TRUE(call({0xe8, 1, 2, 3, 4}));             // call rel32
  EXPECT_TRUE(call({0xff, 0xd0}));                   // call *%rax
  EXPECT_TRUE(call({0x41, 0xff, 0xd4}));             // call *%r12
  EXPECT_TRUE(call({0xff, 0x10}));                   // call *(%rax)
  EXPECT_TRUE(call({0xff, 0x50, 0x18}));             // call *24(%rax)
  EXPECT_TRUE(call({0xff, 0x90, 1, 2, 3, 4}));       // call *disp32(%rax)
  EXPECT_TRUE(call({0xff, 0x15, 1, 2, 3, 4}));       // call *disp32(%rip)
  EXPECT_TRUE(call({0xff, 0x14, 0xc8}));             // call *(%rax,%rcx,8)
  EXPECT_TRUE(call({0xff, 0x54, 0x24, 0x10}));       // call *16(%rsp)
  EXPECT_TRUE(call({0xff, 0x14, 0xc5, 1, 2, 3, 4})); // call *disp32(,%rax,8)
  EXPECT_FALSE(call({}));
  EXPECT_FALSE(call({0xff, 0xe0}));             // jmp *%rax
  EXPECT_FALSE(call({0xff, 0x25, 1, 2, 3, 4})); // jmp *disp32(%rip)
  EXPECT_FALSE(call({0xe9, 1, 2, 3, 4}));       // jmp rel32
}

} // namespace
