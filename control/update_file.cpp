#include "control/update_file.h"

#include "control/errors.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace wfp::control {

namespace {

// Far more than any update; a mistake like giving a disk image is caught here.
constexpr off_t kMaxUpdateBytes = off_t(1) << 30;

off_t checked_size(const std::string &path, const Descriptor &file) {
  struct stat info;
  if (!file || ::fstat(file.get(), &info) != 0)
    throw Refused("cannot open " + path + ": " + std::generic_category().message(errno));
  if (!S_ISREG(info.st_mode))
    throw Refused(path + " is not a regular file");
  if (info.st_size > kMaxUpdateBytes)
    throw Refused(path + " is too large for an update: " + std::to_string(info.st_size) + " bytes");
  return info.st_size;
}

} // namespace

Descriptor open_update(const std::string &path) {
  // O_NONBLOCK: a FIFO must not hang us before we have seen what it is.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  off_t size = checked_size(path, file);
  char magic[SELFMAG] = {};
  if (size < SELFMAG || ::pread(file.get(), magic, SELFMAG, 0) != SELFMAG || std::memcmp(magic, ELFMAG, SELFMAG) != 0)
    throw Refused(path + " is not an update (.wfp): it is no ELF file");
  return file;
}

FileBytes read_update(const std::string &path) {
  Descriptor file = open_update(path);
  FileBytes bytes;
  bytes.size = static_cast<std::size_t>(checked_size(path, file));
  bytes.words.resize((bytes.size + 7) / 8);
  char *out = reinterpret_cast<char *>(bytes.words.data());
  for (std::size_t done = 0; done < bytes.size;) {
    ssize_t length = ::pread(file.get(), out + done, bytes.size - done, static_cast<off_t>(done));
    if (length < 0 && errno == EINTR)
      continue;
    if (length <= 0)
      throw Refused("cannot read " + path + ": " + (length ? std::generic_category().message(errno) : "it shrank"));
    done += static_cast<std::size_t>(length);
  }
  return bytes;
}

} // namespace wfp::control
