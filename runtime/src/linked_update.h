// An update, linked into this process: what the loader (images, symbols, relocation, mappings) hands to the updater (slots,
// gates, views, threads).
//
// Linking changes nothing that exists: it maps new code and data beside the images.  All functions here run on the control
// thread, one at a time.
#pragma once

#include "format/manifest.h"
#include "runtime/src/base/arena.h"
#include "runtime/src/base/text.h"

#include <cstddef>
#include <cstdint>

namespace wfp {

struct Image; // image.h

// Code addresses [begin, end].  `end` belongs to it: a final call to a function that never returns leaves end as its return
// address.
struct CodeRange {
  std::uintptr_t begin;
  std::uintptr_t end;
};

// One affected function in one image.
struct LinkedFunction {
  const char *name; // for people
  Image *image;
  format::FunctionChange change;
  bool allow_active;
  // Where the existing function's sled is (behind its endbr64, if it has one), in an image or in an earlier update's
  // code; 0 for an added function.  It identifies the function for ever.
  std::uintptr_t sled;
  // All parts of the existing function's *original* code, from behind the sled.  (Bodies that earlier updates gave it
  // are known to the updater.)  Empty for an added function.
  const CodeRange *old_ranges;
  std::uint32_t old_range_count;
  // Where the new body begins, behind its own sled; 0 for a removed function.
  std::uintptr_t body;
  const CodeRange *new_ranges;
  std::uint32_t new_range_count;
};

// --reinit VAR: bytes that an existing variable gets when the update is published.
struct LinkedReinit {
  void *address;
  const void *bytes;
  std::size_t size;
};

struct LinkedUnit; // loader's own: which unit of which image goes from which id to which

struct LinkedUpdate {
  Arena arena;                     // holds all that the pointers below lead to
  std::uint8_t id[32];
  char file[256];                  // base name, as the client said it
  Vec<LinkedFunction> functions;
  Vec<Image *> images;             // that it applies to
  Vec<LinkedReinit> reinits;
  std::uint32_t skipped_units = 0; // units of the .wfp that no image of this process has
  LinkedUnit *units = nullptr;
  std::size_t unit_count = 0;
  void *loader_state = nullptr;    // loader's own
};

// Reads and checks the whole .wfp in `file` (a private, readable copy that nobody else changes), finds its units in the
// images of this process, verifies the old code, resolves every symbol, lays out, relocates and maps new code (sealed
// memfd, R-X) and data near each image, registers its unwind tables.  On false everything is as before and `why` names file and symbol.
[[nodiscard]] bool link_update(const std::uint8_t *file, std::size_t size, LinkedUpdate &update, Message &why);

// Takes back what link_update did: only before anybody could have seen the update's addresses.
void unlink_update(LinkedUpdate &update);

// Checks that the units of `update` are in the state that it starts from (a re-applied update is linked once only).
[[nodiscard]] bool check_update_applies(const LinkedUpdate &update, Message &why);

// After publishing: the units now have their new ids, and the update's symbols can be referred to by later updates.
// After a revert: the reverse.
void enter_update(LinkedUpdate &update);
void leave_update(LinkedUpdate &update);

} // namespace wfp
