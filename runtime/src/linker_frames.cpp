// Unwind tables for new code: a copy of the .eh_frame entries that describe what an image loads, and the sorted table
// (.eh_frame_hdr, LSB 10.6.2) through which unwinders search.
//
//   CIE  length, 0,           version, augmentation, ...
//   FDE  length, CIE pointer, pc begin, pc range, ...      CIE pointer = distance from itself back to the CIE
//
// An FDE belongs to the section that the relocation of its pc begin names.  Only what is kept is copied, so CIE pointers
// are written anew.
#include "runtime/arch/x86_64/relocation.h"
#include "runtime/src/linker.h"
#include "runtime/src/unwind.h"

#include <cstring>

namespace wfp {

namespace {

constexpr std::uint32_t kPcBegin = 8; // offset in an FDE

bool out_of_memory(LinkFile &file) {
  file.refuse() << "no memory to link the update";
  return false;
}

bool refuse(LinkFile &file, const char *what, std::uint32_t offset) {
  file.refuse() << "damaged: .eh_frame entry at " << offset << ": " << what;
  return false;
}

std::uint32_t read_word(const std::uint8_t *bytes) {
  std::uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The rows of the section's relocations that lie in [begin, end); they are sorted.
struct RowRange {
  std::uint32_t first, count;
};
RowRange rows_in(format::Rows<Elf64_Rela> rows, std::uint64_t begin, std::uint64_t end) {
  auto lower_bound = [&](std::uint64_t offset) {
    std::size_t low = 0, high = rows.size();
    while (low < high) {
      std::size_t middle = (low + high) / 2;
      if (rows[middle].r_offset < offset)
        low = middle + 1;
      else
        high = middle;
    }
    return static_cast<std::uint32_t>(low);
  };
  std::uint32_t first = lower_bound(begin);
  return {first, lower_bound(end) - first};
}

class FrameChooser {
public:
  FrameChooser(LinkFile &file, ImageLink &link) : file_(file), link_(link) {}

  bool add_section(std::uint32_t section) {
    const Elf64_Shdr &header = file_.reader.sections()[section];
    bytes_ = file_.reader.contents(header);
    if (!bytes_ || header.sh_size > INT32_MAX)
      return refuse(file_, "bad section", 0);
    size_ = static_cast<std::uint32_t>(header.sh_size);
    section_ = section;
    std::uint32_t rela = file_.relocations_of[section];
    rows_ = rela ? file_.reader.relocations(file_.reader.sections()[rela]) : format::Rows<Elf64_Rela>();
    for (std::size_t i = 1; i < rows_.size(); ++i)
      if (rows_[i].r_offset < rows_[i - 1].r_offset)
        return refuse(file_, "relocations are not sorted", 0);
    first_entry_ = link_.frames.size();
    for (std::uint32_t at = 0; at < size_;) {
      std::uint32_t length;
      if (size_ - at < 4)
        return refuse(file_, "truncated", at);
      length = read_word(bytes_ + at);
      if (length == 0) // a terminator; more may follow where objects were concatenated
        length = 0;
      else if (length == 0xffffffff || length < 4 || length > size_ - at - 4)
        return refuse(file_, "bad length", at);
      else if (read_word(bytes_ + at + 4) != 0 && !add_if_needed(at, length + 4))
        return false;
      at += 4 + length;
    }
    return true;
  }

private:
  LinkFile &file_;
  ImageLink &link_;
  std::uint32_t section_ = 0, size_ = 0;
  const std::uint8_t *bytes_ = nullptr;
  format::Rows<Elf64_Rela> rows_;
  std::size_t first_entry_ = 0;

  bool add(std::uint32_t offset, std::uint32_t size, std::uint32_t cie) {
    RowRange rows = rows_in(rows_, offset, std::uint64_t{offset} + size);
    std::uint32_t padded = (size + 7) & ~7u;
    FrameEntry entry = {section_, offset, size, cie, static_cast<std::uint32_t>(link_.frames_size), rows.first, rows.count};
    link_.frames_size += padded;
    return link_.frames.push_back(entry) || out_of_memory(file_);
  }

  // Finds the CIE in what has been kept, or keeps it.
  bool keep_cie(std::uint32_t offset, std::uint32_t &cie) {
    for (std::size_t i = link_.frames.size(); i-- > first_entry_;)
      if (link_.frames[i].cie == kNoIndex && link_.frames[i].offset == offset) {
        cie = static_cast<std::uint32_t>(i);
        return true;
      }
    if (size_ - offset < 8 || read_word(bytes_ + offset + 4) != 0)
      return refuse(file_, "its CIE is none", offset);
    std::uint32_t length = read_word(bytes_ + offset);
    if (length < 4 || length > size_ - offset - 4)
      return refuse(file_, "bad length", offset);
    cie = static_cast<std::uint32_t>(link_.frames.size());
    return add(offset, length + 4, kNoIndex);
  }

  bool add_if_needed(std::uint32_t offset, std::uint32_t size) {
    RowRange rows = rows_in(rows_, std::uint64_t{offset} + kPcBegin, std::uint64_t{offset} + kPcBegin + 1);
    if (rows.count == 0 || size < 16)
      return refuse(file_, "its first address is not relocated", offset);
    const Elf64_Sym &symbol = file_.reader.symbols()[ELF64_R_SYM(rows_[rows.first].r_info)];
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS ||
        link_.places[symbol.st_shndx].area != Area::kCode)
      return true;
    std::uint32_t distance = read_word(bytes_ + offset + 4);
    if (distance > offset + 4)
      return refuse(file_, "its CIE lies outside", offset);
    std::uint32_t cie = kNoIndex;
    return keep_cie(offset + 4 - distance, cie) && add(offset, size, cie);
  }
};

} // namespace

bool choose_frames(LinkFile &file, ImageLink &link) {
  link.frames.clear();
  link.frames_size = 0;
  std::uint32_t entries = 0;
  format::Rows<Elf64_Shdr> sections = file.reader.sections();
  FrameChooser chooser(file, link);
  for (std::uint32_t i = 0; i < sections.size(); ++i)
    if ((sections[i].sh_flags & SHF_ALLOC) && std::strcmp(file.reader.section_name(sections[i]), ".eh_frame") == 0 &&
        !chooser.add_section(i))
      return false;
  for (const FrameEntry &entry : link.frames)
    entries += entry.cie != kNoIndex;
  if (entries == 0) {
    link.frames.clear();
    link.frames_size = 0;
  } else {
    link.frames_size += 4; // terminator
  }
  link.frame_header_size = entries ? unwind_header_bytes(entries) : 0;
  return true;
}

bool write_frames(LinkFile &file, ImageLink &link) {
  if (link.frames.empty())
    return true;
  Vec<UnwindRow> table(file.scratch);
  std::uint8_t *out = link.constants.bytes + link.frames_offset;
  std::uintptr_t base = link.constants.address + link.frames_offset;
  for (const FrameEntry &entry : link.frames) {
    std::uint8_t *copy = out + entry.new_offset; // zeroed: the padding is DW_CFA_nop
    std::memcpy(copy, file.reader.contents(file.reader.sections()[entry.section]) + entry.offset, entry.size);
    std::uint32_t length = ((entry.size + 7) & ~7u) - 4;
    std::memcpy(copy, &length, sizeof length);
    if (entry.cie != kNoIndex) {
      std::uint32_t distance = entry.new_offset + 4 - link.frames[entry.cie].new_offset;
      std::memcpy(copy + 4, &distance, sizeof distance);
    }
    if (entry.relocation_count == 0)
      continue;
    const Elf64_Shdr &rela = file.reader.sections()[file.relocations_of[entry.section]];
    for (const Elf64_Rela &row : file.reader.relocations(rela).slice(entry.first_relocation, entry.relocation_count)) {
      std::uint64_t within = row.r_offset - entry.offset;
      if (arch::field_bytes(arch::relocation_kind(ELF64_R_TYPE(row.r_info))->field) > entry.size - within)
        return refuse(file, "a relocation lies outside", entry.offset);
      if (!apply_relocation(file, link, row, ".eh_frame", copy + within, base + entry.new_offset + within))
        return false;
      if (entry.cie != kNoIndex && within == kPcBegin) {
        std::uintptr_t begin = address_of(file, link.values[ELF64_R_SYM(row.r_info)]) +
                               static_cast<std::uint64_t>(row.r_addend);
        if (!table.push_back({begin, base + entry.new_offset}))
          return out_of_memory(file);
      }
    }
  }
  write_unwind_header(link.constants.bytes + link.frame_header_offset,
                      link.constants.address + link.frame_header_offset, base, table.begin(),
                      static_cast<std::uint32_t>(table.size()));
  return true;
}

} // namespace wfp
