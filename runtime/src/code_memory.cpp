// Where room is looked for.  Every byte of the room must reach every byte of the image with a signed 32-bit displacement.
//
//   shared object, PIE   below the image first, then above; but above the main program grows brk, so there: below only,
//                        unless nothing else is left
//   ET_EXEC              downwards from 2 GiB: addresses fit R_X86_64_32S, and brk, which grows upwards from the image,
//                        loses the least
//
// The kernel is asked place by place with MAP_FIXED_NOREPLACE, which needs neither /proc nor a look at the maps that
// somebody else may be changing; kernels before 4.17 take it as a hint, which the returned address tells.
#include "runtime/src/code_memory.h"

#include "runtime/src/base/arena.h"
#include "runtime/src/base/sys.h"
#include "runtime/src/dso.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u
#endif

namespace wfp {

namespace {

constexpr std::uintptr_t kPage = 4096;
constexpr std::uintptr_t kReach = 0x7fff0000; // 2 GiB, less what an addend may add
constexpr std::uintptr_t kLowest = 0x10000;   // vm.mmap_min_addr
// A room is a reservation (PROT_NONE): it costs address space only.
constexpr std::size_t kRoomBytes = 32u << 20;
constexpr std::size_t kMaxRooms = 4096;

struct Room {
  Image *image;
  std::uintptr_t begin, end;
  std::uintptr_t next; // [begin, next) has been handed out
};
Room rooms[kMaxRooms];
std::size_t room_count = 0;

std::size_t pages_of(std::size_t bytes) { return (bytes + kPage - 1) & ~(kPage - 1); }

bool reserve_at(std::uintptr_t address, std::size_t bytes) {
  long got = sys::call(SYS_mmap, address, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
                       -1, 0);
  if (sys::failed(got))
    return false;
  if (static_cast<std::uintptr_t>(got) == address)
    return true;
  sys::call(SYS_munmap, got, bytes);
  return false;
}

// Tries places from `top` (one past the last byte) down to `bottom`.
std::uintptr_t reserve_downwards(std::uintptr_t top, std::uintptr_t bottom, std::size_t bytes) {
  for (top &= ~(kPage - 1); top >= bytes && top - bytes >= bottom; top -= bytes)
    if (reserve_at(top - bytes, bytes))
      return top - bytes;
  return 0;
}

std::uintptr_t reserve_upwards(std::uintptr_t bottom, std::uintptr_t top, std::size_t bytes) {
  for (bottom = pages_of(bottom); bottom + bytes <= top; bottom += bytes)
    if (reserve_at(bottom, bytes))
      return bottom;
  return 0;
}

std::uintptr_t reserve_near(const Image &image, std::size_t bytes) {
  if (image.position_dependent && image.high < kReach) // (a kernel-style or custom link address is above)
    return reserve_downwards(kReach, kLowest, bytes);
  std::uintptr_t lowest = image.high > kReach + kLowest ? image.high - kReach : kLowest;
  std::uintptr_t highest = image.low + kReach;
  if (std::uintptr_t below = reserve_downwards(image.low, lowest, bytes))
    return below;
  // The main program's heap grows above it: keep away from there as far as possible.
  return image.dso && image.dso->main_program ? reserve_downwards(highest, image.high, bytes)
                                              : reserve_upwards(image.high, highest, bytes);
}

bool add_room(Image &image, std::size_t bytes, Message &why) {
  if (room_count == kMaxRooms) {
    why << "too many reserved areas (" << kMaxRooms << ")";
    return false;
  }
  // Large first: fewer areas; where the neighbourhood is crowded, only what is needed.
  for (std::size_t size = bytes > kRoomBytes ? bytes : kRoomBytes;; size = size / 4 > bytes ? pages_of(size / 4) : bytes) {
    if (std::uintptr_t begin = reserve_near(image, size)) {
      rooms[room_count++] = {&image, begin, begin + size, begin};
      return true;
    }
    if (size == bytes)
      break;
  }
  why << "no address space for " << static_cast<unsigned long>(bytes) << " bytes within 2 GiB of " << image.path
      << " (or vm.max_map_count or RLIMIT_AS is reached)";
  return false;
}

bool refuse(Message &why, const char *what, const char *name, long result) {
  why << what << " for " << name << " failed: ";
  if (const char *error = sys::error_name(result))
    why << error;
  else
    why << "errno " << -result;
  return false;
}

long create_file(const char *name) {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  long file = sys::call(SYS_memfd_create, name, flags | MFD_EXEC);
  if (file == -EINVAL) // before Linux 6.3
    file = sys::call(SYS_memfd_create, name, flags);
  return file;
}

struct FileCloser {
  long file;
  ~FileCloser() { sys::call(SYS_close, file); }
};

} // namespace

std::uintptr_t take_room(Image &image, std::size_t bytes, Message &why) {
  bytes = pages_of(bytes);
  for (int attempt = 0; bytes && attempt < 2; ++attempt) {
    for (std::size_t i = 0; i < room_count; ++i) {
      Room &room = rooms[i];
      if (room.image != &image || room.end - room.next < bytes)
        continue;
      std::uintptr_t address = room.next;
      room.next += bytes;
      return address;
    }
    if (!add_room(image, bytes, why))
      return 0;
  }
  return 0;
}

void return_room(Image &image, std::uintptr_t address, std::size_t bytes) {
  bytes = pages_of(bytes);
  if (!address || !bytes)
    return;
  // Over whatever has been mapped there; a hole would be taken by the next mmap of anybody.
  sys::call(SYS_mmap, address, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  for (std::size_t i = 0; i < room_count; ++i)
    if (rooms[i].image == &image && rooms[i].next == address + bytes && address >= rooms[i].begin)
      rooms[i].next = address;
}

namespace {

bool map_code(std::uintptr_t address, const void *bytes, std::size_t size, const char *name, Message &why) {
  long file = create_file(name);
  if (sys::failed(file))
    return refuse(why, "memfd_create", name, file);
  FileCloser closer = {file};
  for (std::size_t done = 0; done < size;) {
    long wrote = sys::call(SYS_pwrite64, file, static_cast<const char *>(bytes) + done, size - done, done);
    if (wrote == -EINTR)
      continue;
    if (wrote <= 0)
      return refuse(why, "writing the memory file", name, wrote);
    done += static_cast<std::size_t>(wrote);
  }
  long result = sys::call(SYS_fcntl, file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  if (sys::failed(result))
    return refuse(why, "sealing the memory file", name, result);
  // Populated, so that the first calls of application threads need not fault pages in.
  result = sys::call(SYS_mmap, address, pages_of(size), PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE,
                     file, 0);
  return !sys::failed(result) || refuse(why, "mapping code", name, result);
}

// Not from a file: what is never executed may be written first and made read-only then, which is quicker.
bool map_constants(std::uintptr_t address, const void *bytes, std::size_t size, const char *name, Message &why) {
  if (!map_data(address, size, why))
    return false;
  std::memcpy(reinterpret_cast<void *>(address), bytes, size);
  long result = sys::call(SYS_mprotect, address, pages_of(size), PROT_READ);
  if (sys::failed(result))
    return refuse(why, "making constants read-only", name, result);
  // "[anon:wfpatch:fix.wfp]" in /proc/PID/maps, where the kernel can.
  sys::call(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, address, pages_of(size), name);
  return true;
}

} // namespace

bool map_sealed(std::uintptr_t address, const void *bytes, std::size_t size, bool executable, const char *name,
                Message &why) {
  return executable ? map_code(address, bytes, size, name, why) : map_constants(address, bytes, size, name, why);
}

bool map_data(std::uintptr_t address, std::size_t size, Message &why) {
  long result = sys::call(SYS_mmap, address, pages_of(size), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (sys::failed(result))
    return refuse(why, "mapping memory", "data", result);
  return true;
}

} // namespace wfp
