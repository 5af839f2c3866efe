#include "runtime/src/pending.h"

#include "runtime/src/image.h"
#include "runtime/src/publication.h"

#include <atomic>

extern "C" {
__attribute__((visibility("hidden"))) void wfp_poll_entry();
__attribute__((visibility("hidden"))) void wfp_quiescence_point_entry();
}

namespace wfp {

namespace {
bool is_pending;

// Release: a poll that sees the flag set finds the entry to call (attach_images).
bool can_poll(const Image &image) { return image.state && !image.gone.load(std::memory_order_relaxed); }

void tell(Image &image) {
  std::atomic_ref<std::uint8_t>(image.state->pending).store(is_pending, std::memory_order_release);
}
} // namespace

void set_pending(bool pending) {
  is_pending = pending;
  wfp_pending.store(pending, std::memory_order_relaxed);
  for (std::size_t i = 0; i < image_count(); ++i)
    if (can_poll(image_at(i)))
      tell(image_at(i));
}

void attach_images() {
  for (std::size_t i = 0; i < image_count(); ++i) {
    Image &image = image_at(i);
    if (!can_poll(image) || image.state->poll)
      continue;
    // The entries before the flag, which releases them.
    std::atomic_ref<void (*)()>(image.state->quiescence_point).store(wfp_quiescence_point_entry, std::memory_order_relaxed);
    std::atomic_ref<void (*)()>(image.state->poll).store(wfp_poll_entry, std::memory_order_relaxed);
    tell(image);
  }
}

} // namespace wfp
