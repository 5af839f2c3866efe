// Builds updates for the sample unit (loader_sample.h) and links them into the test program.
#pragma once

#include "format/records.h"
#include "runtime/src/linked_update.h"
#include "test/unit/format/update_builder.h"
#include "test/unit/runtime/loader_sample.h"

#include <gtest/gtest.h>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace wfp::test {

using Bytes = std::vector<std::uint8_t>;
using format::test::UpdateBuilder;

inline const Bytes kSled = {0xa9, 0, 0, 0, 0};
Bytes operator+(Bytes left, const Bytes &right);

// What sample_*() look like, for digests: sled and relocated fields as zero.
Bytes sample_add_masked();

// An update under construction: the sample's unit is row 0 of its units.
class SampleUpdate {
public:
  explicit SampleUpdate(std::uint8_t old_id = kSampleId, std::uint8_t new_id = 0x22);

  UpdateBuilder builder;
  std::uint32_t unit = 0;

  // A loaded section of the unit with `bytes`; index of the section.
  std::uint32_t section(const std::string &name, std::uint64_t flags, Bytes bytes, std::uint32_t type = SHT_PROGBITS);
  // A function with a sled in front of `body`; index of its symbol.  Relocations in it count from the sled's end.
  std::uint32_t function(const std::string &name, const Bytes &body);
  // ... of size bytes of zero
  std::uint32_t zeros(const std::string &name, std::uint64_t size);
  std::uint32_t import(const std::string &name, format::ImportKind kind = format::ImportKind::kUnknown,
                       std::uint32_t flags = 0);
  void relocate(std::uint32_t function_symbol, std::uint64_t offset_in_body, std::uint32_t type, std::uint32_t symbol,
                std::int64_t addend);
  // Manifest rows.
  void old_code(const std::string &name, const Bytes &masked, std::vector<format::ManifestMask> masks = {{0, 5}},
                std::uint32_t flags = format::kFunctionSled);
  void replaces(const std::string &name, std::uint32_t symbol, std::uint32_t flags = 0); // the last old_code()
  void adds(const std::string &name, std::uint32_t symbol);
  // The common case: sample_add gets `body`.
  std::uint32_t replace_add(const Bytes &body);
};

// The result of linking.  Unlinks at the end unless told to keep.
class Linked {
public:
  explicit Linked(SampleUpdate &update);
  ~Linked();
  Linked(const Linked &) = delete;
  Linked &operator=(const Linked &) = delete;

  bool good = false;
  std::string why;
  LinkedUpdate &operator*() { return *update_; }
  LinkedUpdate *operator->() { return update_.get(); }
  const LinkedFunction &function(const std::string &name) const;
  template <typename Function> Function body(const std::string &name) const {
    return reinterpret_cast<Function>(function(name).body);
  }
  void enter() {
    enter_update(*update_);
    entered_ = true;
  }
  void leave() {
    leave_update(*update_);
    entered_ = false;
  }

private:
  std::unique_ptr<LinkedUpdate> update_;
  bool entered_ = false;
};

// Links and expects a refusal that contains `reason`, with nothing left behind.
void expect_refused(SampleUpdate &update, const std::string &reason);

} // namespace wfp::test
