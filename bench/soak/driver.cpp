// The soak test's program: starts all kinds of threads, then applies and reverts updates at random, several at a time, and watches.
//
//   soak SECONDS SEED FOLDER COMMAND [KIND-LEFT-OUT]     FOLDER has the updates and the plugin, COMMAND is `wfpatch`
//
// A round makes one to five changes (the next update of a unit, the newest one reverted, or something that must be refused), each before
// the one before it has settled; in two rounds of three it then waits until all threads have moved, and tells every thread what it must
// now run (`expected`).  Ends with 1 at the first inconsistency, and says which, with the seed.
// Prints a row of CSV now and then: seconds, changes, refusals, resident KiB, mappings, descriptors, threads.

#include "harness.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <time.h>
#include <vector>
#include <wfpatch/wfpatch.h>

extern char **environ;

namespace soak {

const char *plugin_path;

namespace {

std::string folder, command, left_out;
std::vector<std::unique_ptr<Kind>> kinds;

std::string read_status() {
  std::string text(1 << 16, '\0');
  for (;;) {
    std::size_t needed = wfp_status(text.data(), text.size());
    if (needed < text.size()) {
      text.resize(needed);
      return text;
    }
    text.resize(needed + 4096);
  }
}

double seconds_since(const timespec &begin) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec - begin.tv_sec) + static_cast<double>(now.tv_nsec - begin.tv_nsec) * 1e-9;
}

} // namespace

void fail(const char *kind, const char *what, int unit, int saw) {
  static std::atomic<bool> failed{false};
  if (failed.exchange(true))
    for (;;)
      pause();
  std::fprintf(stderr, "soak: seed %llu, process %d: %s: %s (unit %s, saw %d, expected %d)\n%s", static_cast<unsigned long long>(seed),
               getpid(), kind, what, kUnitNames[unit], saw, static_cast<int>(expected[unit].load() & 0xff), read_status().c_str());
  _exit(1);
}

namespace {

// ---- what is applied

struct Update {
  Unit unit;
  int from; // version; the update leads to the next one
  std::string path() const { return folder + "/" + kUnitNames[unit] + "-" + std::to_string(from + 1) + ".wfp"; }
  std::string name() const { return kUnitNames[unit] + ("-" + std::to_string(from + 1)) + ".wfp"; }
};

std::vector<Update> applied; // newest last
int version[kUnits] = {1, 1, 1, 1};
bool in_child = false;
long changes, refusals;
// The library that comes and goes cannot be updated while it is not there; once updated it stays.
bool plugin_known = false;

void expect_nothing() {
  for (auto &unit : expected)
    unit.store(((unit.load() >> 8) + 1) << 8, std::memory_order_release);
}
void expect_versions() {
  for (unsigned unit = 0; unit < kUnits; ++unit)
    expected[unit].store(expected[unit].load() | static_cast<unsigned>(version[unit]), std::memory_order_release);
}

bool one_of(const char *why, std::initializer_list<const char *> reasons) {
  for (const char *reason : reasons)
    if (std::strstr(why, reason))
      return true;
  return false;
}

// A refusal for a reason that there can be at any time.
void refused(const char *what, const char *why) {
  ++refusals;
  if (one_of(why, {"too many updates are on their way", "did not stop at a quiescence point", "a dlclose() is going on",
                   "has just been closed", "its updater's state is not known"}))
    return;
  std::fprintf(stderr, "soak: %s: refused: %s\n", what, why);
  fail("driver", "an update was refused", 0, 0);
}

enum class Outcome { kPublished, kRefused, kUnknown };

// `wfpatch` from outside.
Outcome run_command(std::vector<std::string> words, std::string &why) {
  std::string output = folder + "/command.log." + std::to_string(getpid());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::vector<char *> arguments{command.data()};
  for (std::string &word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child;
  int error = posix_spawn(&child, command.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error)
    fail("driver", "cannot run the command", 0, error);
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      fail("driver", "the command is lost", 0, errno);
  why.resize(4096);
  int file = open(output.c_str(), O_RDONLY | O_CLOEXEC);
  ssize_t size = file >= 0 ? read(file, why.data(), why.size()) : 0;
  why.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (file >= 0)
    close(file);
  unlink(output.c_str());
  if (!WIFEXITED(status))
    fail("driver", "the command died", 0, status);
  int code = WEXITSTATUS(status);
  if (code != 0 && code != 1 && code != 3) {
    std::fprintf(stderr, "soak: wfpatch: %s\n", why.c_str());
    fail("driver", "the command failed", 0, code);
  }
  if (code == 3 && one_of(why.c_str(), {"may still carry it out"}))
    return Outcome::kUnknown; // a busy machine: no answer in time
  return code == 1 ? Outcome::kRefused : Outcome::kPublished; // 3: published, threads are still moving
}

Outcome request(Random &random, bool apply, const std::string &path, std::string &why) {
  if (in_child || !random.one_in(12)) {
    char text[1024] = "";
    int result = apply ? wfp_apply(path.c_str(), text, sizeof(text)) : wfp_revert(nullptr, text, sizeof(text));
    why = text;
    return result == 0 ? Outcome::kPublished : Outcome::kRefused;
  }
  std::vector<std::string> words{apply ? "apply" : "revert", std::to_string(getpid())};
  if (apply)
    words.push_back(path);
  if (apply && random.one_in(2))
    words.insert(words.end(), {"--mode=barrier", "--timeout", "1"});
  else
    words.insert(words.end(), {"--timeout", "2"});
  return run_command(words, why);
}

// ---- changes

// From the runtime itself what has been applied.  In a fork's child the thread that made changes is not here, and may have been in the
// middle of its notes.
void learn_state() {
  struct Row {
    long view;
    Update update;
  };
  std::vector<Row> rows;
  std::string status = read_status();
  applied.clear();
  for (unsigned unit = 0; unit < kUnits; ++unit)
    version[unit] = 1;
  for (std::size_t at = 0; (at = status.find("update\t", at)) != std::string::npos; ++at) {
    std::string row = status.substr(at, status.find('\n', at) - at);
    if (row.find("state=reverted") != std::string::npos)
      continue;
    long view = std::atol(row.c_str() + row.find("\tview=") + 6);
    for (unsigned unit = 0; unit < kUnits; ++unit)
      for (int from = 1; from < kVersions[unit]; ++from) {
        Update update{static_cast<Unit>(unit), from};
        if (row.find("file=" + update.name()) != std::string::npos)
          rows.push_back({view, update});
      }
  }
  std::sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.view < b.view; });
  for (const Row &row : rows) {
    applied.push_back(row.update);
    version[row.update.unit] = row.update.from + 1;
  }
}

// A request without an answer: by the second answer to requests that came after it, it has been dealt with.
void learn_outcome() {
  char why[1024] = "";
  for (int i = 0; i < 2; ++i)
    (void)wfp_revert("nothing of this name", why, sizeof(why));
  learn_state();
  plugin_known = plugin_known || version[kPlugin] > 1;
}

bool try_apply(Random &random) {
  auto unit = static_cast<Unit>(random.below(kUnits));
  if (version[unit] == kVersions[unit])
    return false;
  Update update{unit, version[unit]};
  std::string why;
  Outcome outcome = request(random, true, update.path(), why);
  if (outcome == Outcome::kUnknown) {
    learn_outcome();
    return true;
  }
  if (outcome == Outcome::kRefused) {
    if (unit == kPlugin && !plugin_known && one_of(why.c_str(), {"no unit", "none of"}))
      ++refusals; // not loaded at the time
    else
      refused(update.name().c_str(), why.c_str());
    return false;
  }
  plugin_known = plugin_known || unit == kPlugin;
  applied.push_back(update);
  version[unit] = update.from + 1;
  ++changes;
  return true;
}

bool try_revert(Random &random) {
  if (applied.empty())
    return false;
  std::string why;
  Outcome outcome = request(random, false, "", why);
  if (outcome == Outcome::kUnknown) {
    learn_outcome();
    return true;
  }
  if (outcome == Outcome::kRefused) {
    refused("revert", why.c_str());
    return false;
  }
  version[applied.back().unit] = applied.back().from;
  applied.pop_back();
  ++changes;
  return true;
}

// What must be refused, whatever is on its way, and change nothing.
void try_nonsense(Random &random) {
  char why[1024] = "";
  if (random.one_in(2) && !applied.empty()) { // twice
    const Update &update = applied[random.below(static_cast<unsigned>(applied.size()))];
    if (wfp_apply(update.path().c_str(), why, sizeof(why)) == 0 || !one_of(why, {"applied already", "its updater's state"}))
      fail("driver", why, update.unit, 0);
  } else if (applied.size() >= 2) { // a middle one
    const Update &update = applied[random.below(static_cast<unsigned>(applied.size() - 1))];
    if (wfp_revert(update.name().c_str(), why, sizeof(why)) == 0 || !one_of(why, {"is not the newest update", "its updater's state"}))
      fail("driver", why, update.unit, 0);
  } else if (version[kChain] == 1) { // the second before the first
    if (wfp_apply((folder + "/chain-3.wfp").c_str(), why, sizeof(why)) == 0)
      fail("driver", "an update of another version was applied", kChain, 0);
  }
  ++refusals;
}

bool all_settled() {
  std::string status = read_status();
  for (std::size_t at = 0; (at = status.find("settle_us=", at)) != std::string::npos; at += 10)
    if (status[at + 10] < '0' || status[at + 10] > '9')
      return false;
  return true;
}

// Words of earlier activations below this frame, which the frames to come would keep alive.
__attribute__((noinline)) void clear_stack() {
  volatile char room[64 * 1024];
  for (volatile char &byte : room)
    byte = 0;
}

void await_settled() {
  clear_stack();
  timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  while (!all_settled()) {
    if (seconds_since(begin) > 60)
      fail("driver", "threads have not moved for a minute", 0, 0);
    usleep(500);
  }
}

long last_count, last_added;

// In a settled process: state that updates must not have touched.
void check_state() {
  long &count = last_count, &added = last_added;
  if (chain_count() != count + 1)
    fail("driver", "a function's static variable was lost", kChain, static_cast<int>(count));
  ++count;
  long now = chain_added();
  if ((now < 0) != (version[kChain] == 1) || (now >= 0 && now != added + 1))
    fail("driver", "an update's variable was lost", kChain, static_cast<int>(now));
  if (now >= 0)
    added = now;
}

void round_of_changes(Random &random) {
  expect_nothing();
  for (unsigned i = 1 + random.below(5); i > 0; --i) {
    bool forwards = applied.empty() || random.below(9) >= applied.size();
    if (random.one_in(12))
      try_nonsense(random);
    else if (forwards)
      try_apply(random);
    else
      try_revert(random);
    if (random.one_in(3))
      usleep(random.below(1000));
  }
  if (random.one_in(3))
    return;
  await_settled();
  check_state();
  expect_versions();
  usleep(random.below(5000));
}

// ---- what the process uses

std::size_t count_entries(const char *path) {
  std::size_t count = 0;
  if (DIR *directory = opendir(path)) {
    while (readdir(directory))
      ++count;
    closedir(directory);
  }
  return count - 3; // ".", "..", and the directory itself
}

void print_sample(double seconds) {
  char line[512];
  long rss = 0, maps = 0, threads = 0;
  if (FILE *file = std::fopen("/proc/self/status", "re")) {
    while (std::fgets(line, sizeof(line), file)) {
      std::sscanf(line, "VmRSS: %ld", &rss);
      std::sscanf(line, "Threads: %ld", &threads);
    }
    std::fclose(file);
  }
  if (FILE *file = std::fopen("/proc/self/maps", "re")) {
    while (std::fgets(line, sizeof(line), file))
      maps += std::strchr(line, '\n') != nullptr;
    std::fclose(file);
  }
  std::printf("%.1f,%ld,%ld,%ld,%ld,%zu,%ld\n", seconds, changes, refusals, rss, maps, count_entries("/proc/self/fd"), threads);
  std::fflush(stdout);
}

void run(double seconds) {
  std::vector<std::thread> threads;
  std::uint64_t stream = 0;
  auto start = [&](const Group *groups, unsigned count) {
    for (unsigned group = 0; group < count; ++group) {
      if (left_out == groups[group].name)
        continue;
      kinds.push_back(std::make_unique<Kind>(groups[group].name));
      Kind *kind = kinds.back().get();
      for (int i = 0; i < groups[group].threads; ++i)
        threads.emplace_back([kind, body = groups[group].body, random = Random(seed, ++stream)] {
          take_signals();
          body(*kind, random);
        });
    }
  };
  kinds.push_back(std::make_unique<Kind>("ends of threads"));
  prepare_births(*kinds.back());
  prepare_threads();
  install_handlers();
  start(kThreadGroups, kThreadGroupCount);
  start(kBirthGroups, kBirthGroupCount);
  start(kHandlerGroups, kHandlerGroupCount);

  Random random(seed, 0);
  timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  std::printf("seconds,changes,refusals,rss_kb,maps,descriptors,threads\n");
  double next_sample = 0;
  for (double now = 0; (now = seconds_since(begin)) < seconds;) {
    round_of_changes(random);
    if (now >= next_sample) {
      print_sample(now);
      next_sample = now + seconds / 200;
    }
  }
  await_settled();
  stop.store(true);
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace

bool child_changes(Random &random) {
  in_child = true;
  // Threads of the parent that held an update are not here.
  await_settled();
  learn_state();
  last_count = chain_count();
  if (version[kChain] > 1)
    last_added = chain_added();
  for (int i = 0; i < 4; ++i)
    round_of_changes(random);
  await_settled();
  expect_versions();
  Kind kind{"child"};
  for (int i = 0; i < 5; ++i)
    random_activation(kind, random, nullptr);
  return true;
}

} // namespace soak

int main(int argc, char **argv) {
  using namespace soak;
  if (argc != 5 && argc != 6) {
    std::fprintf(stderr, "usage: soak SECONDS SEED FOLDER COMMAND [KIND-LEFT-OUT]\n");
    return 2;
  }
  seed = std::strtoull(argv[2], nullptr, 10);
  folder = argv[3];
  command = argv[4];
  left_out = argc == 6 ? argv[5] : "";
  std::string plugin = folder + "/plugin.so";
  plugin_path = plugin.c_str();
  run(std::strtod(argv[1], nullptr));
  long total = activations_in_handlers();
  std::fprintf(stderr, "in handlers: %ld\n", total);
  for (auto &kind : kinds) {
    std::fprintf(stderr, "%s: %ld\n", kind->name, kind->activations.load());
    total += kind->activations.load();
    if (kind->activations.load() == 0)
      fail(kind->name, "never ran", 0, 0);
  }
  std::fprintf(stderr, "soak: seed %llu: %ld changes, %ld refusals, %ld activations\n", static_cast<unsigned long long>(seed),
               soak::changes, soak::refusals, total);
  return 0;
}
