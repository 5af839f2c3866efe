// The instrumented images of this process, found as a debugger finds them: through the link map, without the dynamic
// linker's locks and without libc (base/sys.h says why).
//
// Images are never forgotten: their index stays valid; one that was dlclosed is marked gone.  An image that an update has
// touched is pinned: dlclose() of it does nothing from then on.
#pragma once

#include "format/records.h"
#include "runtime/src/base/arena.h"
#include "runtime/src/base/text.h"

#include <atomic>
#include <cstdint>

namespace wfp {

struct Unit {
  const format::UnitRecord *record;
  const char *key;
  std::uint8_t id[32]; // what it is now: the record's id, or the new id of the last update that was entered
};

struct ImageIndex; // loader's own: functions, variables and thread-locals by name and unit

struct Image {
  const char *path;
  std::uintptr_t bias;            // load bias (l_addr)
  std::uintptr_t low, high;       // first and one-past-last mapped byte
  format::ImageState *state;
  Vec<Unit> units;
  ImageIndex *index;
  bool position_dependent;        // ET_EXEC: updates must lie below 2 GiB
  bool branch_protection;         // sleds follow endbr64, gates need notrack
  std::atomic<bool> pinned;       // read by the dlclose wrapper on application threads
  std::atomic<bool> gone;
  const void *link_map;           // the dlopen handle under glibc
};

// Looks for images that have appeared or gone since the last call.  Control thread (or before it exists).  False only when
// memory is out.
[[nodiscard]] bool refresh_images(Message &why);
std::size_t image_count();
Image &image_at(std::size_t index);

} // namespace wfp
