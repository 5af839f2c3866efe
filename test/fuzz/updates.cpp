// The runtime's way with a .wfp that somebody hands it: the reader, then the linker, which links it into this very program;
// the old objects of the seeds' updates are part of it, and are what those replace.  Nothing that is linked is ever called.
#include "runtime/src/linked_update.h"
#include "test/fuzz/linking.h"
#include "test/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::vector<std::uint8_t> file(data, data + size);
  wfp::fuzz::seal(file);
  wfp::fuzz::link_and_unlink(file);
  return 0;
}
