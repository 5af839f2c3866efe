#include "runtime/src/pending.h"

#include "runtime/src/dso.h"
#include "runtime/src/image.h"
#include "runtime/src/process_memory.h"
#include "runtime/src/publication.h"

#include <atomic>
#include <cstddef>

extern "C" {
__attribute__((visibility("hidden"))) void wfp_poll_entry();
__attribute__((visibility("hidden"))) void wfp_quiescence_point_entry();
}

namespace wfp {

namespace {

bool is_pending;
bool untold; // some image that can poll has another flag than is_pending, or no entries

bool can_poll(const Image &image) { return image.state && !image.gone.load(std::memory_order_relaxed); }

// An image that cannot be unmapped.  Release: a poll that sees the flag set finds the entry to call.
void tell(format::ImageState &state) {
  if (!state.poll) {
    std::atomic_ref<void (*)()>(state.quiescence_point).store(wfp_quiescence_point_entry, std::memory_order_relaxed);
    std::atomic_ref<void (*)()>(state.poll).store(wfp_poll_entry, std::memory_order_relaxed);
  }
  std::atomic_ref<std::uint8_t>(state.pending).store(is_pending, std::memory_order_release);
}

// One that is held.  What is there is looked at first, and all goes through the kernel: a dlopen() that fails unmaps what it had
// mapped without a dlclose().  The entries are there before the flag; a poll that sees them torn has not seen the flag yet.
void tell_held(const Image &image) {
  auto address = reinterpret_cast<std::uintptr_t>(image.state);
  format::ImageState now;
  const format::ImageState wanted = {is_pending, {}, wfp_poll_entry, wfp_quiescence_point_entry};
  if (!read_memory(address, &now, sizeof now) || now.pending > 1 || (now.poll && now.poll != wanted.poll))
    return;
  constexpr std::size_t kEntries = offsetof(format::ImageState, poll);
  Message ignored; // without a writable /proc/self/mem no update is applied at all
  if (!now.poll &&
      !write_memory(address + kEntries, reinterpret_cast<const char *>(&wanted) + kEntries, 2 * sizeof wanted.poll, ignored))
    return;
  if (now.pending != wanted.pending)
    (void)write_memory(address, &wanted.pending, sizeof wanted.pending, ignored);
}

} // namespace

void set_pending(bool pending) {
  set_pending_later(pending);
  (void)tell_images();
}

void set_pending_later(bool pending) {
  is_pending = pending;
  wfp_pending.store(pending, std::memory_order_relaxed);
  untold = true;
}

bool tell_images() {
  bool others = false;
  for (std::size_t i = 0; i < image_count(); ++i)
    if (Image &image = image_at(i); can_poll(image)) {
      if (image.dso->direct)
        tell(*image.state);
      else
        others = true;
    }
  untold = others;
  if (!others)
    return true;
  ImageHold hold;
  if (!hold)
    return false;
  // Some may have gone, or come, by the hold's look.
  for (std::size_t i = 0; i < image_count(); ++i)
    if (const Image &image = image_at(i); can_poll(image) && !image.dso->direct)
      tell_held(image);
  untold = false;
  return true;
}

bool images_untold() { return untold; }

} // namespace wfp
