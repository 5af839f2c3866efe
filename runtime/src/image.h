// The instrumented images of this process, found as a debugger finds them: through the link map, without the dynamic
// linker's locks and without libc (base/sys.h says why).
//
// Images are never forgotten: their index stays valid; one that was dlclosed is marked gone.  An image that an update has
// touched, or refers to, is pinned: it stays mapped whatever dlclose() says.
//
//   who           does                                             against
//   control       pinned = true, then waits until closing == 0     a dlclose that did not see the pin has finished
//   application   ++closing, then reads the pins, makes each one   the control thread's check that the image is still
//                 undeletable (RTLD_NODELETE), dlclose, --closing  there comes after
//
// What is not pinned may be unmapped at any time, and something else be mapped in its place.  The control thread only reads such
// an image, with calls that fail; it writes to it (pending.h) while it holds all images:
//
//   control       held = true, then reads closing == 0             a dlclose that did not see it has finished
//   application   ++closing, then reads held: puts the call off     the control thread writes to what nobody unmaps
#pragma once

#include "format/records.h"
#include "runtime/src/base/arena.h"
#include "runtime/src/base/text.h"

#include <atomic>
#include <cstdint>

namespace wfp {

struct Dso; // dso.h

struct Unit {
  const format::UnitRecord *record; // nullptr: a unit that an update brought
  const char *key;
  std::uint8_t id[32]; // what it is now: the record's id, or the new id of the last update that was entered
  bool absent;         // a unit that an update brought, after that update was reverted
};

struct ImageIndex; // loader's own: functions, variables and thread-locals by name and unit (linker_index.h)

struct Image {
  const char *path;
  std::uintptr_t bias;            // load bias (l_addr)
  std::uintptr_t low, high;       // first and one-past-last mapped byte
  format::ImageState *state;      // nullptr: no unit of it polls
  Vec<Unit> units;
  ImageIndex *index;
  bool position_dependent;        // ET_EXEC: updates must lie below 2 GiB
  bool branch_protection;         // sleds follow endbr64, gates need notrack
  std::atomic<bool> pinned;
  std::atomic<bool> gone;
  const void *link_map;           // the dlopen handle under glibc
  Dso *dso;
};

// Looks for images that have appeared or gone since the last call.  Control thread (or before it exists).  False only when
// memory is out or the dynamic linker stays busy.
[[nodiscard]] bool refresh_images(Message &why);
std::size_t image_count();
Image &image_at(std::size_t index);

// From now on the object stays mapped; false if it has gone already.  Control thread.
[[nodiscard]] bool pin_dso(Dso &dso, Message &why);
[[nodiscard]] bool pin_image(Image &image, Message &why);

// For the wrapper of dlclose(), on application threads, around the real call: makes sure that it cannot unmap what is
// pinned, even as somebody else's dependency.  Wait-free.
class CloseGuard {
public:
  CloseGuard();
  ~CloseGuard();
  CloseGuard(const CloseGuard &) = delete;
  CloseGuard &operator=(const CloseGuard &) = delete;
  // False: the control thread holds the images, and the real call must be made another time.
  [[nodiscard]] bool may_unmap() const { return may_unmap_; }

private:
  bool may_unmap_;
};

// While it lives and is true, no dlclose() unmaps anything, and the list of images is up to date.  False when a call of dlclose()
// that had begun before, or the dynamic linker, is still busy: then another time.  Control thread.
class ImageHold {
public:
  ImageHold();
  ~ImageHold();
  ImageHold(const ImageHold &) = delete;
  ImageHold &operator=(const ImageHold &) = delete;
  explicit operator bool() const { return holds_; }

private:
  bool holds_;
};

// In a fork's child: calls of dlclose() that other threads of the parent were in, and the parent's control thread, are not here.
void forget_closes_of_other_threads();

// Counts the calls of dlclose(), each before it unmaps anything.  What was known about an object that can be unmapped
// holds as long as this stays the same.  Any thread; seq_cst.
std::uint64_t close_count();
// Whether all calls that close_count() has counted are over: reads the count first, then whether any is under way.
bool no_close_under_way(std::uint64_t &count);

} // namespace wfp
