#include "runtime/src/image.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/dso.h"

#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <time.h>

namespace wfp {

namespace {

constexpr std::size_t kMaxNoteBytes = 256u << 20;
constexpr std::size_t kMaxPins = 1024;
constexpr int kCloseAttempts = 200; // of 1 ms: how long to wait for a dlclose that is going on
constexpr int kHoldAttempts = 20;   // of 50 us: the same, for what can be done later as well
constexpr std::uint64_t kNever = ~0ull;

struct ImageList {
  Arena arena;
  Vec<Image *> all;
};
ImageList *list = nullptr; // made by the first refresh; never freed

struct Pin {
  std::atomic<const char *> path;
  std::atomic<bool> held; // RTLD_NODELETE is set
};
Pin pins[kMaxPins];
std::atomic<std::size_t> pin_count = 0;
std::atomic<unsigned> closing = 0; // dlclose calls under way
std::atomic<std::uint64_t> closes = 0;
std::atomic<bool> held = false; // by an ImageHold
__thread unsigned own_closes;   // of `closing`, this thread's
std::uint64_t refreshed_at = kNever; // close_count() with which the list is up to date; control thread

bool make_list(Message &why) {
  if (list)
    return true;
  long memory = sys::call(SYS_mmap, nullptr, sizeof(ImageList), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sys::failed(memory)) {
    why << "no memory for the list of images";
    return false;
  }
  list = new (reinterpret_cast<void *>(memory)) ImageList;
  list->all.set_arena(list->arena);
  return true;
}

struct NoteHeader {
  std::uint32_t name_size, descriptor_size, type;
};

std::size_t align_up(std::size_t value, std::size_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }

// The address that a `*_from_here` field leads to, if it lies in the image.
std::uintptr_t target_of(const Dso &dso, std::uintptr_t record, std::size_t field_offset, std::int32_t value) {
  std::uintptr_t target = record + field_offset + static_cast<std::intptr_t>(value);
  return target >= dso.low && target < dso.high ? target : 0;
}

// Takes the unit of a note whose descriptor is `bytes` (a copy of what is at `address`).  False: memory is out.
bool add_unit(Image &image, const std::uint8_t *bytes, std::size_t size, std::uintptr_t address) {
  format::UnitRecord record;
  if (size < sizeof record)
    return true;
  std::memcpy(&record, bytes, sizeof record);
  if (record.version != format::kRecordVersion || record.fixed_size < sizeof record || record.fixed_size >= size)
    return true;
  const char *key = reinterpret_cast<const char *>(bytes + record.fixed_size);
  std::size_t key_size = size - record.fixed_size;
  const void *end = std::memchr(key, 0, key_size);
  if (!end)
    return true;
  Unit unit = {};
  unit.record = reinterpret_cast<const format::UnitRecord *>(address);
  unit.key = list->arena.copy_string(key, static_cast<std::size_t>(static_cast<const char *>(end) - key));
  std::memcpy(unit.id, record.id, sizeof unit.id);
  std::uintptr_t state = target_of(*image.dso, address, offsetof(format::UnitRecord, image_state_from_here),
                                   record.image_state_from_here);
  if (state % alignof(format::ImageState) == 0 && state && !image.state)
    image.state = reinterpret_cast<format::ImageState *>(state);
  image.branch_protection = image.branch_protection || (record.flags & format::kUnitBranchProtection);
  return unit.key && image.units.push_back(unit);
}

bool read_notes(Image &image, std::uintptr_t address, const std::uint8_t *bytes, std::size_t size, std::size_t alignment) {
  std::size_t at = 0;
  while (size - at >= sizeof(NoteHeader)) {
    NoteHeader header;
    std::memcpy(&header, bytes + at, sizeof header);
    std::size_t name = at + sizeof header;
    std::size_t descriptor = align_up(name + header.name_size, alignment);
    std::size_t next = align_up(descriptor + header.descriptor_size, alignment);
    if (descriptor > size || header.descriptor_size > size - descriptor)
      return true; // damaged: what came before is good
    if (header.type == format::kNoteTypeUnit && header.name_size == sizeof format::kNoteName &&
        std::memcmp(bytes + name, format::kNoteName, sizeof format::kNoteName) == 0 &&
        !add_unit(image, bytes + descriptor, header.descriptor_size, address + descriptor))
      return false;
    if (next >= size)
      break;
    at = next;
  }
  return true;
}

// Makes an Image of `dso` if it carries units.  False: memory is out.
bool examine(Dso &dso) {
  Image *image = nullptr;
  for (std::size_t i = 0; i < dso.phdr_count; ++i) {
    const Elf64_Phdr &segment = dso.phdrs[i];
    if (segment.p_type != PT_NOTE || segment.p_memsz == 0 || segment.p_memsz > kMaxNoteBytes)
      continue;
    Arena scratch;
    auto *copy = static_cast<std::uint8_t *>(scratch.allocate(segment.p_memsz));
    if (!copy)
      return false;
    std::uintptr_t address = dso.bias + segment.p_vaddr;
    if (!dso.read(address, copy, segment.p_memsz))
      continue;
    if (!image) {
      void *memory = list->arena.allocate(sizeof(Image));
      if (!memory)
        return false;
      image = new (memory) Image{};
      image->units.set_arena(list->arena);
      image->dso = &dso;
    }
    if (!read_notes(*image, address, copy, segment.p_memsz, segment.p_align == 8 ? 8 : 4))
      return false;
  }
  if (!image || image->units.empty())
    return true;
  // By rising address: the loader searches for units by it.
  sort(image->units.begin(), image->units.size(), [](const Unit &a, const Unit &b) { return a.record < b.record; });
  image->path = dso.path;
  image->bias = dso.bias;
  image->low = dso.low;
  image->high = dso.high;
  image->position_dependent = dso.position_dependent;
  image->link_map = reinterpret_cast<const void *>(dso.link_map);
  return list->all.push_back(image);
}

bool is_image(const Dso &dso) {
  for (const Image *image : list->all)
    if (image->dso == &dso && !image->gone.load(std::memory_order_relaxed))
      return true;
  return false;
}

// A dlclose and a dlopen of another build of the same file, at the same place, between two refreshes look like nothing.
bool was_exchanged(const Image &image) {
  if (image.dso->direct)
    return false;
  for (const Unit &unit : image.units) {
    std::uint8_t id[32];
    if (unit.record && (!image.dso->read(reinterpret_cast<std::uintptr_t>(unit.record->id), id, sizeof id) ||
                        std::memcmp(id, unit.id, sizeof id) != 0))
      return true;
  }
  return false;
}

} // namespace

namespace {
// `refresh_list(why)` brings the list of objects up to date.
bool refresh_with(bool (*refresh_list)(Message &), Message &why) {
  std::uint64_t count;
  bool quiet = no_close_under_way(count);
  refreshed_at = kNever;
  if (!make_list(why) || !refresh_list(why))
    return false;
  bool complete = true;
  for (std::size_t i = 0, end = list->all.size(); i < end; ++i) {
    Image &image = *list->all[i];
    if (image.gone.load(std::memory_order_relaxed)) // only this thread writes it
      continue;
    if (image.dso->gone || was_exchanged(image)) {
      image.dso->examined = false;
      // Release: who sees `gone` sees that the control thread is done with the image.
      image.gone.store(true, std::memory_order_release);
    }
  }
  for (std::size_t i = 0; complete && i < dso_count(); ++i)
    if (Dso &dso = dso_at(i); !dso.examined && !dso.gone) {
      complete = is_image(dso) || examine(dso);
      keep_order();
      dso.examined = complete;
    }
  if (!complete)
    why << "no memory for the list of images";
  else if (quiet)
    refreshed_at = count;
  return complete;
}
} // namespace

std::size_t image_count() { return list ? list->all.size() : 0; }
Image &image_at(std::size_t index) { return *list->all[index]; }

bool refresh_images(Message &why) { return refresh_with(refresh_dsos, why); }

bool pin_dso(Dso &dso, Message &why) {
  if (dso.direct)
    return true;
  std::size_t count = pin_count.load(std::memory_order_relaxed); // only this thread writes it
  if (count == kMaxPins) {
    why << "too many dlopened objects are in use by updates (" << kMaxPins << ")";
    return false;
  }
  pins[count].path.store(dso.path, std::memory_order_relaxed);
  // seq_cst, with the load of `closing` below: pairs with CloseGuard, which adds to `closing` and then reads the count.
  // Either it sees this pin, or the loop below sees it.
  pin_count.store(count + 1, std::memory_order_seq_cst);
  for (int attempt = 0; closing.load(std::memory_order_seq_cst) != 0; ++attempt) {
    if (attempt == kCloseAttempts) {
      why << dso.path << ": a dlclose() is going on: try again";
      return false;
    }
    timespec pause = {0, 1000000};
    sys::call(SYS_nanosleep, &pause, nullptr);
  }
  if (!refresh_images(why))
    return false;
  if (dso.gone) {
    why << dso.path << " has just been closed";
    return false;
  }
  dso.direct = true;
  return true;
}

bool pin_image(Image &image, Message &why) {
  if (!pin_dso(*image.dso, why))
    return false;
  if (image.gone.load(std::memory_order_relaxed)) {
    why << image.path << " has just been closed";
    return false;
  }
  image.pinned.store(true, std::memory_order_release); // informs; the pins above do the work
  return true;
}

CloseGuard::CloseGuard() {
  ++own_closes;
  closing.fetch_add(1, std::memory_order_seq_cst); // pairs with pin_dso and ImageHold, see there
  closes.fetch_add(1, std::memory_order_seq_cst);  // pairs with close_count
  may_unmap_ = !held.load(std::memory_order_seq_cst);
  if (!may_unmap_)
    return;
  std::size_t count = pin_count.load(std::memory_order_seq_cst);
  for (std::size_t i = 0; i < count; ++i) {
    // Relaxed: setting RTLD_NODELETE twice does no harm.
    if (pins[i].held.load(std::memory_order_relaxed))
      continue;
    if (dlopen(pins[i].path.load(std::memory_order_relaxed), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE))
      pins[i].held.store(true, std::memory_order_relaxed);
  }
}

CloseGuard::~CloseGuard() {
  closing.fetch_sub(1, std::memory_order_seq_cst);
  --own_closes;
}

ImageHold::ImageHold() : holds_(false) {
  // seq_cst, with the load of `closing`: pairs with CloseGuard, which adds to `closing` and then reads `held`.  Either it
  // sees this, or it is seen here.
  held.store(true, std::memory_order_seq_cst);
  for (int attempt = 0; closing.load(std::memory_order_seq_cst) != 0; ++attempt) {
    if (attempt == kHoldAttempts)
      return;
    timespec pause = {0, 50000};
    sys::call(SYS_nanosleep, &pause, nullptr);
  }
  Message ignored;
  holds_ = refreshed_at == close_count() || refresh_with([](Message &) { return refresh_dsos_now(); }, ignored);
}

ImageHold::~ImageHold() { held.store(false, std::memory_order_seq_cst); }

void forget_closes_of_other_threads() {
  closing.store(own_closes, std::memory_order_relaxed); // the only thread
  held.store(false, std::memory_order_relaxed);
}

std::uint64_t close_count() { return closes.load(std::memory_order_seq_cst); }

// A call that the count includes had entered `closing` before it was counted: nobody there means that it has left.
bool no_close_under_way(std::uint64_t &count) {
  count = closes.load(std::memory_order_seq_cst);
  return closing.load(std::memory_order_seq_cst) == 0;
}

} // namespace wfp
