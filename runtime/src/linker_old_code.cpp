// The code that an update replaces must be the code that it was made from.  For every function of a touched unit the
// manifest has the digest of its bytes in OLD, with everything that linkers write or may rewrite counted as zero.  The
// bytes compared are the function's current ones: in the image, or in the update that gave it its body.
//
//   function in the manifest, record missing    --gc-sections dropped it: nothing to compare or replace
//   COMDAT                                      the linker kept one of several copies: the digests say which one
//   two records at one entry                    folded by the linker (ICF): refused unless both get the same new body
#include "format/sha256.h"
#include "runtime/arch/x86_64/relocation.h"
#include "runtime/src/dso.h"
#include "runtime/src/linker.h"

#include <cstring>

namespace wfp {

namespace {

bool out_of_memory(LinkFile &file) {
  file.refuse() << "no memory to link the update";
  return false;
}

// Whether [address, address + size) lies in the image's text.
bool is_text(const Image &image, std::uintptr_t address, std::size_t size) {
  const Dso &dso = *image.dso;
  for (std::size_t i = 0; i < dso.phdr_count; ++i) {
    const Elf64_Phdr &segment = dso.phdrs[i];
    std::uintptr_t begin = dso.bias + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) && address >= begin && address - begin <= segment.p_memsz)
      return size <= segment.p_memsz - (address - begin);
  }
  return false;
}

// ... or in an update's code, from which functions can be replaced again.
bool is_readable_code(const Image &image, std::uintptr_t address, std::size_t size) {
  for (const OverlayBody &body : image.index->bodies)
    if (body.body == address)
      return size <= body.area_end - address;
  for (const OverlayName &name : image.index->names)
    if (name.address == address)
      return size <= name.area_end - address;
  return is_text(image, address, size);
}

void digest_of(const LinkFile &file, const format::ManifestOldCode &row, std::uintptr_t address, std::uint8_t *copy,
               std::uint8_t digest[32]) {
  std::memcpy(copy, reinterpret_cast<const void *>(address), row.size);
  for (const format::ManifestMask &mask : file.reader.masks().slice(row.first_mask, row.mask_count))
    std::memset(copy + mask.offset, 0, mask.length);
  format::Sha256 hash;
  hash.update(copy, row.size);
  hash.finish(digest);
}

// Whether the code at `body` is what `row` says.  False without a refusal if it is not; `failed` if memory is out.
bool matches_row(LinkFile &file, const Image &image, const format::ManifestOldCode &row, std::uintptr_t body,
                 bool &failed) {
  failed = false;
  if (!is_readable_code(image, body, row.size))
    return false;
  static constexpr std::size_t kSmall = 4096;
  std::uint8_t small[kSmall];
  std::uint8_t *copy = row.size <= kSmall ? small : static_cast<std::uint8_t *>(file.scratch.allocate(row.size));
  if (!copy) {
    failed = true;
    return false;
  }
  std::uint8_t digest[32];
  digest_of(file, row, body, copy, digest);
  return std::memcmp(digest, row.digest, sizeof digest) == 0;
}

bool refuse_code(LinkFile &file, const Image &image, const char *name) {
  file.refuse() << name << " in " << image.path
                << " is not the code that the update was made from (another build, a breakpoint or another tool's hook?)";
  return false;
}

// Every function of the touched units, affected or not; COMDAT ones only if affected, below: the copy that the linker kept
// may come from a unit that the update knows nothing of.
bool check_digests(LinkFile &file, ImageLink &link) {
  for (const format::ManifestOldCode &row : file.reader.old_code()) {
    std::uint32_t unit = link.unit_of[row.unit];
    if (unit == kNoIndex || (row.flags & format::kSymbolComdat))
      continue;
    const char *name = file.reader.string(row.name);
    FoundFunction found;
    if (!find_function(*link.image, unit, name, false, found))
      continue;
    bool failed;
    if (!matches_row(file, *link.image, row, current_body(*link.image, found), failed))
      return failed ? out_of_memory(file) : refuse_code(file, *link.image, name);
  }
  return true;
}

// The rows of one ManifestFunction: the one that describes the code that is there, or nullptr.
const format::ManifestOldCode *matching_row(LinkFile &file, const ImageLink &link, const format::ManifestFunction &function,
                                            std::uintptr_t body, bool &failed) {
  failed = false;
  for (const format::ManifestOldCode &row :
       file.reader.old_code().slice(function.old_code, function.old_code_count)) {
    if (matches_row(file, *link.image, row, body, failed))
      return &row;
    if (failed)
      return nullptr;
  }
  return nullptr;
}

// The ranges of a function's original code.  Once an update has replaced it, the manifest's row describes the current
// body, and what was found then counts.
bool original_ranges(LinkFile &file, ImageLink &link, const format::ManifestOldCode &row, const FoundFunction &found,
                     std::uintptr_t sled, const char *name, LinkedFunction &function) {
  Image &image = *link.image;
  if (found.in_update || current_body(image, found) != found.entry)
    for (const OriginalCode &known : image.index->originals)
      if (known.sled == sled) {
        function.old_ranges = known.ranges;
        function.old_range_count = known.count;
        return true;
      }
  auto *ranges = static_cast<CodeRange *>(file.update->arena.allocate((row.part_count + 1) * sizeof(CodeRange)));
  if (!ranges)
    return out_of_memory(file);
  std::uintptr_t behind_sled = sled + (found.flags & format::kFunctionSled ? format::kSledSize : 0);
  ranges[0] = {behind_sled, found.entry + row.size};
  std::uint32_t count = 1;
  for (const format::ManifestPart &part : file.reader.parts().slice(row.first_part, row.part_count)) {
    std::uintptr_t field = found.entry + part.reference;
    std::int32_t displacement;
    std::memcpy(&displacement, reinterpret_cast<const void *>(field), sizeof displacement);
    std::uintptr_t begin = field + static_cast<std::intptr_t>(displacement) - static_cast<std::intptr_t>(part.bias);
    if (!is_text(image, begin, part.size)) {
      file.refuse() << name << " in " << image.path << " has a split part that cannot be located";
      return false;
    }
    ranges[count++] = {begin, begin + part.size};
  }
  function.old_ranges = ranges;
  function.old_range_count = count;
  return true;
}

// A sled must be where the record says, idle or armed.
bool check_sled(LinkFile &file, const Image &image, const FoundFunction &found, const char *name, std::uintptr_t &sled) {
  if (!(found.flags & format::kFunctionSled)) {
    file.refuse() << name << " in " << image.path
                  << " cannot be replaced: it has no sled, since its calling convention may keep r11 live";
    return false;
  }
  sled = sled_of(found);
  std::uint8_t opcode = *reinterpret_cast<const volatile std::uint8_t *>(sled);
  if (opcode == format::kSledIdle || opcode == format::kSledArmed)
    return true;
  file.refuse() << name << " in " << image.path << " has no sled at its entry (a breakpoint or another tool's hook?)";
  return false;
}

// Two functions of the update at one entry: fine if both get the same code.
bool same_new_body(const LinkFile &file, const format::ManifestFunction &a, const format::ManifestFunction &b) {
  const format::UpdateReader &reader = file.reader;
  if (a.symbol == format::kNone || b.symbol == format::kNone)
    return a.symbol == b.symbol;
  if ((a.flags & format::kFunctionComdatGroup) && (b.flags & format::kFunctionComdatGroup) &&
      std::strcmp(reader.string(a.new_name), reader.string(b.new_name)) == 0)
    return true; // copies of one COMDAT function: any will do, as the linker thought before
  const Elf64_Sym &first = reader.symbols()[a.symbol], &second = reader.symbols()[b.symbol];
  const Elf64_Shdr &first_section = reader.sections()[first.st_shndx], &second_section = reader.sections()[second.st_shndx];
  if (first.st_size != second.st_size || !reader.contents(first_section) || !reader.contents(second_section) ||
      std::memcmp(reader.contents(first_section) + first.st_value, reader.contents(second_section) + second.st_value,
                  first.st_size) != 0)
    return false;
  std::uint32_t first_rela = file.relocations_of[first.st_shndx], second_rela = file.relocations_of[second.st_shndx];
  if (!first_rela || !second_rela)
    return first_rela == second_rela;
  format::Rows<Elf64_Rela> left = reader.relocations(reader.sections()[first_rela]);
  format::Rows<Elf64_Rela> right = reader.relocations(reader.sections()[second_rela]);
  auto inside = [](const Elf64_Rela &row, const Elf64_Sym &symbol) {
    return row.r_offset >= symbol.st_value && row.r_offset < symbol.st_value + symbol.st_size;
  };
  std::size_t i = 0, j = 0;
  for (;;) {
    while (i < left.size() && !inside(left[i], first))
      ++i;
    while (j < right.size() && !inside(right[j], second))
      ++j;
    if (i == left.size() || j == right.size())
      return i == left.size() && j == right.size();
    if (left[i].r_offset - first.st_value != right[j].r_offset - second.st_value || left[i].r_info != right[j].r_info ||
        left[i].r_addend != right[j].r_addend)
      return false;
    ++i, ++j;
  }
}

// Adds one affected function; `rows` tells the row of each function added so far for this image.
bool add_function(LinkFile &file, ImageLink &link, std::uint32_t index, std::size_t first, Vec<std::uint32_t> &rows) {
  const format::ManifestFunction &row = file.reader.functions()[index];
  const char *display = file.reader.string(row.display);
  LinkedFunction function = {};
  function.image = link.image;
  function.change = static_cast<format::FunctionChange>(row.change);
  function.allow_active = row.flags & format::kAllowActive;
  function.name = file.update->arena.copy_string(display, std::strlen(display));
  if (!function.name)
    return out_of_memory(file);
  if (function.change != format::FunctionChange::kAdded) {
    bool comdat = row.flags & format::kFunctionComdatGroup;
    FoundFunction found;
    if (!find_function(*link.image, link.unit_of[row.unit], file.reader.string(row.old_name), comdat, found))
      return true; // dropped by the linker
    bool failed;
    const format::ManifestOldCode *code = matching_row(file, link, row, current_body(*link.image, found), failed);
    if (!code) {
      if (failed)
        return out_of_memory(file);
      // Of a COMDAT function whose unit is not here, the copy may be anybody's.
      return link.unit_of[row.unit] == kNoIndex || refuse_code(file, *link.image, function.name);
    }
    bool replaced = function.change == format::FunctionChange::kReplaced;
    if (replaced || (found.flags & format::kFunctionSled)) {
      if (!check_sled(file, *link.image, found, function.name, function.sled))
        return false;
    } else {
      function.sled = found.entry;
    }
    for (std::size_t i = first; i < file.update->functions.size(); ++i) {
      const LinkedFunction &other = file.update->functions[i];
      if (other.sled != function.sled)
        continue;
      if (same_new_body(file, file.reader.functions()[rows[i]], row))
        return true;
      file.refuse() << function.name << " and " << other.name << " in " << link.image->path
                    << " were folded into one by the linker (ICF), and their new versions differ";
      return false;
    }
    if (!original_ranges(file, link, *code, found, function.sled, function.name, function))
      return false;
  }
  return (file.update->functions.push_back(function) && rows.push_back(index)) || out_of_memory(file);
}

// A function that is not affected but shares its entry with one that is.
bool check_folding(LinkFile &file, ImageLink &link, std::size_t first) {
  HashIndex affected;
  Vec<LinkedFunction> &functions = file.update->functions;
  if (!affected.prepare(file.scratch, functions.size() - first))
    return out_of_memory(file);
  for (std::size_t i = first; i < functions.size(); ++i)
    if (functions[i].sled && functions[i].change == format::FunctionChange::kReplaced)
      affected.enter(functions[i].sled, static_cast<std::uint32_t>(i));
  std::uint32_t *seen = static_cast<std::uint32_t *>(file.scratch.allocate((functions.size() + 1) * sizeof(std::uint32_t)));
  if (!seen)
    return out_of_memory(file);
  for (const RecordEntry &record : link.image->index->functions) {
    std::uintptr_t sled = record.address + format::sled_offset(record.flags);
    affected.find(sled, [&](std::uint32_t i) { return ++seen[i], true; });
  }
  for (std::size_t i = first; i < functions.size(); ++i) {
    if (seen[i] <= 1)
      continue;
    // How many of the records at this entry the update itself replaces (by the same body: add_function saw to that).
    std::uint32_t replaced = 0;
    for (const format::ManifestFunction &row : file.reader.functions()) {
      FoundFunction found;
      if (row.change == static_cast<std::uint32_t>(format::FunctionChange::kReplaced) &&
          link.unit_of[row.unit] != kNoIndex &&
          find_function(*link.image, link.unit_of[row.unit], file.reader.string(row.old_name),
                        row.flags & format::kFunctionComdatGroup, found) &&
          sled_of(found) == functions[i].sled)
        ++replaced;
    }
    if (replaced >= seen[i])
      continue;
    file.refuse() << functions[i].name << " in " << link.image->path
                  << " shares its code with another function (folded by the linker, ICF) that would change with it";
    return false;
  }
  return true;
}

} // namespace

bool check_old_code(LinkFile &file, ImageLink &link, Vec<std::uint32_t> &rows) {
  if (!check_digests(file, link))
    return false;
  std::size_t first = file.update->functions.size();
  format::Rows<format::ManifestFunction> functions = file.reader.functions();
  for (std::uint32_t i = 0; i < functions.size(); ++i) {
    bool here = link.unit_of[functions[i].unit] != kNoIndex;
    bool comdat = functions[i].flags & format::kFunctionComdatGroup;
    bool added = functions[i].change == static_cast<std::uint32_t>(format::FunctionChange::kAdded);
    if ((here || comdat) && !added && !add_function(file, link, i, first, rows))
      return false;
  }
  return check_folding(file, link, first);
}

} // namespace wfp
