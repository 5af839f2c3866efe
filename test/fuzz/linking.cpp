#include "test/fuzz/linking.h"

#include "runtime/src/dso.h"
#include "runtime/src/linked_update.h"
#include "runtime/src/process_memory.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

extern "C" {
int subject_choose(int);
int subject_external(int x) { return x; }
}
int subject_measure(int);

namespace wfp::fuzz {

namespace {

// What the start of the runtime would have done.
bool begin() {
  Message why;
  capture_tls_modules();
  if (!open_process_memory(why)) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::abort();
  }
  static volatile bool never = false; // the subject is part of the program, and never runs
  if (never)
    return subject_choose(0) + subject_measure(0);
  return true;
}

} // namespace

bool link_and_unlink(const std::vector<std::uint8_t> &file, std::string *reason) {
  static const bool begun = begin();
  (void)begun;
  // Of its very size, so that a byte too far is seen.
  std::unique_ptr<std::uint8_t[]> bytes(new std::uint8_t[file.size()]);
  std::memcpy(bytes.get(), file.data(), file.size());
  auto update = std::make_unique<LinkedUpdate>();
  Message why;
  if (!link_update(bytes.get(), file.size(), *update, why)) {
    if (why.size() == 0)
      std::abort(); // a refusal says why
    if (reason)
      *reason = why.c_str();
    return false;
  }
  enter_update(*update);
  leave_update(*update);
  unlink_update(*update);
  return true;
}

} // namespace wfp::fuzz
