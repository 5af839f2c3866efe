#include "test/fuzz/linking.h"

#include "runtime/src/dso.h"
#include "runtime/src/linked_update.h"
#include "runtime/src/process_memory.h"
#include "test/fuzz/support.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

extern "C" {
int subject_choose(int);
int subject_external(int x) { return x; }
}
int subject_measure(int);

namespace wfp::fuzz {

namespace {

bool link_once(const std::vector<std::uint8_t> &file, Message &why) {
  // Of its very size, so that a byte too far is seen.
  std::unique_ptr<std::uint8_t[]> bytes(new std::uint8_t[file.size()]);
  std::copy(file.begin(), file.end(), bytes.get());
  auto update = std::make_unique<LinkedUpdate>();
  if (!link_update(bytes.get(), file.size(), *update, why))
    return false;
  enter_update(*update);
  leave_update(*update);
  unlink_update(*update);
  return true;
}

// What the start of the runtime would have done.  A sound update must link, or the target would only test refusals.
bool begin() {
  static volatile bool never = false; // the subject is part of the program, and never runs
  if (never)
    return subject_choose(0) + subject_measure(0);
  Message why;
  capture_tls_modules();
  if (!open_process_memory(why) || !link_once(read_file(WFPATCH_FUZZ_SEEDS "/updates/both.wfp"), why)) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::abort();
  }
  return true;
}

} // namespace

bool link_and_unlink(const std::vector<std::uint8_t> &file) {
  static const bool begun = begin();
  (void)begun;
  Message why;
  const bool linked = link_once(file, why);
  if (!linked && why.size() == 0)
    std::abort(); // a refusal says why
  return linked;
}

} // namespace wfp::fuzz
