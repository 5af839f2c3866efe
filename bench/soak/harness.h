// The harness's own side: random choices that a seed repeats, and the checks that every thread makes.
#pragma once

#include "soak.h"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace soak {

// xorshift64*: one generator for each thread, from the run's seed and the thread's index.
class Random {
public:
  Random(std::uint64_t seed, std::uint64_t stream) : state_((seed + 1) * 0x9e3779b97f4a7c15ull ^ (stream + 1) * 0xbf58476d1ce4e5b9ull) {
    for (int i = 0; i < 4; ++i)
      next();
  }
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1dull;
  }
  unsigned below(unsigned bound) { return static_cast<unsigned>((next() >> 33) % bound); }
  bool one_in(unsigned n) { return below(n) == 0; }

private:
  std::uint64_t state_;
};

enum Unit : unsigned { kChain, kObjects, kSpan, kPlugin, kUnits };
inline constexpr int kVersions[kUnits] = {4, 2, 2, 2};
inline constexpr const char *kUnitNames[kUnits] = {"chain", "objects", "span", "plugin"};

// What every new activation must be, as the driver knows it: an epoch above, a version in the low byte; 0: a change is on its way.
inline std::atomic<std::uint64_t> expected[kUnits];

inline std::atomic<bool> stop{false};
inline std::uint64_t seed = 1;

// Ends the process; the driver's status follows in the report.
[[noreturn]] void fail(const char *kind, const char *what, int unit, int saw);

struct Kind {
  const char *name;
  std::atomic<long> activations{0};
};

// One activation: it must have seen one version; if nothing changed from before its begin until after its end, that one.
template <typename Call> void checked(Kind &kind, Unit unit, Call &&call) {
  std::uint64_t before = expected[unit].load(std::memory_order_acquire);
  int saw = call();
  kind.activations.fetch_add(1, std::memory_order_relaxed);
  if (saw < 1 || saw > kVersions[unit])
    fail(kind.name, "an activation saw two versions", unit, saw);
  std::uint64_t after = expected[unit].load(std::memory_order_acquire);
  int version = static_cast<int>(before & 0xff);
  if (before == after && version != 0 && saw != version)
    fail(kind.name, "an activation ran another version after all had settled", unit, saw);
}

// A random activation of a random unit, with `inside` in its middle.
void random_activation(Kind &kind, Random &random, SoakAction *inside);

// Waits of every sort that the runtime interposes, microseconds each; async-signal-safe ones only if `in_handler`.
void random_wait(Random &random, bool in_handler);
// One of a few fixed actions for the middle of an activation.
SoakAction *random_action(Random &random);

// A kind of thread runs until `stop`.
using Body = void (*)(Kind &kind, Random random);
struct Group {
  const char *name;
  Body body;
  int threads;
};
extern const Group kThreadGroups[];   // threads.cpp
extern const Group kBirthGroups[];    // births.cpp
extern const Group kHandlerGroups[];  // handlers.cpp
extern const unsigned kThreadGroupCount, kBirthGroupCount, kHandlerGroupCount;
void prepare_threads();
void prepare_births(Kind &kind_of_endings);

// handlers.cpp: signals for threads of its groups and, now and then, for others.
void install_handlers();
void signal_someone(Random &random);
void take_signals(); // the calling thread, which lives until the end, is sent some as well
long activations_in_handlers();

// driver.cpp
extern const char *plugin_path;
bool child_changes(Random &random); // an update and its reverse in a fork's child

} // namespace soak
