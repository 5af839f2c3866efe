// wfpatch inspect update.wfp: what it replaces, adds and needs.  No process is involved.
//
// Everything is collected into one JSON document; the tables for people are printed from that, so that the two forms
// cannot drift apart.
#include "control/command.h"
#include "control/errors.h"
#include "control/update_file.h"
#include "format/update_reader.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>

namespace wfp::control {

namespace {

using format::kNone;
using format::UpdateReader;

std::string hex(const std::uint8_t *bytes, std::size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

Json unit_name(const UpdateReader &update, std::uint32_t unit) {
  return unit == kNone ? Json(nullptr) : Json(update.string(update.units()[unit].key));
}

Json describe_units(const UpdateReader &update) {
  Json units = Json::array();
  for (const format::ManifestUnit &unit : update.units()) {
    const bool is_new = unit.flags & format::kUnitNew;
    units.push_back({{"key", update.string(unit.key)},
                     {"old_id", is_new ? Json(nullptr) : Json(hex(unit.old_id, sizeof(unit.old_id)))},
                     {"new_id", hex(unit.new_id, sizeof(unit.new_id))},
                     {"touched", (unit.flags & format::kUnitTouched) != 0},
                     {"new", is_new}});
  }
  return units;
}

Json describe_functions(const UpdateReader &update) {
  constexpr const char *kChanges[] = {"replaced", "removed", "added"}; // by FunctionChange
  Json functions = Json::array();
  for (const format::ManifestFunction &function : update.functions()) {
    const bool removed = function.symbol == kNone;
    functions.push_back({{"name", update.string(function.display)},
                         {"symbol", update.string(removed ? function.old_name : function.new_name)},
                         {"change", kChanges[function.change]},
                         {"unit", unit_name(update, function.unit)},
                         {"size", removed ? Json(nullptr) : Json(update.symbols()[function.symbol].st_size)},
                         {"local", (function.flags & format::kFunctionLocal) != 0},
                         {"allow_active", (function.flags & format::kAllowActive) != 0}});
  }
  return functions;
}

// The unit of each ELF section that is loaded; kNone for the others.
std::vector<std::uint32_t> units_of_sections(const UpdateReader &update) {
  std::vector<std::uint32_t> units(update.sections().size(), kNone);
  for (const format::ManifestSection &row : update.manifest_sections())
    units[row.section] = row.unit;
  return units;
}

Json describe_data(const UpdateReader &update) {
  const std::vector<std::uint32_t> units = units_of_sections(update);
  Json data = Json::array();
  for (const Elf64_Sym &symbol : update.symbols()) {
    const int type = ELF64_ST_TYPE(symbol.st_info);
    if ((type != STT_OBJECT && type != STT_TLS) || symbol.st_shndx >= units.size() || units[symbol.st_shndx] == kNone)
      continue;
    const bool writable = update.sections()[symbol.st_shndx].sh_flags & SHF_WRITE;
    data.push_back({{"name", update.symbol_name(symbol)},
                    {"kind", type == STT_TLS ? "thread-local"
                             : writable      ? "variable"
                                             : "constant"},
                    {"size", symbol.st_size},
                    {"unit", unit_name(update, units[symbol.st_shndx])}});
  }
  return data;
}

Json describe_imports(const UpdateReader &update) {
  constexpr const char *kKinds[] = {"function", "variable", "thread-local", "unknown"}; // by ImportKind
  Json imports = Json::array();
  for (const format::ManifestImport &import : update.imports())
    imports.push_back({{"name", update.string(import.name)},
                       {"kind", kKinds[import.kind]},
                       {"unit", unit_name(update, import.unit)},
                       {"local", (import.flags & format::kImportLocal) != 0},
                       {"hidden", (import.flags & format::kImportHidden) != 0},
                       {"weak", (import.flags & format::kImportWeak) != 0}});
  return imports;
}

Json describe_remarks(const UpdateReader &update) {
  constexpr const char *kKinds[] = {"kept", "reinit", "trusted-type", "replaced-const", "note"}; // by RemarkKind
  Json remarks = Json::array();
  for (const format::ManifestRemark &remark : update.remarks())
    remarks.push_back({{"kind", kKinds[remark.kind]},
                       {"text", update.string(remark.text)},
                       {"unit", unit_name(update, remark.unit)}});
  return remarks;
}

// Bytes that the update brings into a process, by what the mapping is.
Json describe_sizes(const UpdateReader &update) {
  std::uint64_t code = 0, constants = 0, variables = 0;
  for (const format::ManifestSection &row : update.manifest_sections()) {
    const Elf64_Shdr &section = update.sections()[row.section];
    (section.sh_flags & SHF_EXECINSTR ? code : section.sh_flags & SHF_WRITE ? variables : constants) += section.sh_size;
  }
  return {{"code", code}, {"constants", constants}, {"variables", variables}};
}

Json describe_update(const std::string &path, const UpdateReader &update) {
  return {{"file", path},
          {"id", hex(update.id(), 32)},
          {"units", describe_units(update)},
          {"functions", describe_functions(update)},
          {"data", describe_data(update)},
          {"imports", describe_imports(update)},
          {"remarks", describe_remarks(update)},
          {"sizes", describe_sizes(update)}};
}

std::string text(const Json &value) { return value.is_string() ? value.get<std::string>() : "-"; }

std::string short_text(const Json &id) { return id.is_string() ? short_id(id.get<std::string>()) : "-"; }

void print_section(const char *title, const Table &table, std::ostream &out) {
  if (table.empty())
    return;
  out << '\n' << title << '\n';
  table.print(out);
}

std::string flags(const Json &row, std::initializer_list<std::pair<const char *, const char *>> names) {
  std::string text;
  for (const auto &[field, shown] : names)
    if (row[field].get<bool>())
      text += (text.empty() ? "" : ", ") + std::string(shown);
  return text;
}

void print_for_people(const Json &update, std::ostream &out) {
  std::size_t changes[3] = {};
  for (const Json &function : update["functions"])
    ++changes[function["change"] == "replaced" ? 0 : function["change"] == "added" ? 1 : 2];
  out << printable(text(update["file"])) << ": update " << text(update["id"]) << '\n'
      << count(changes[0], "function") << " replaced, " << changes[1] << " added, " << changes[2] << " removed, in "
      << count(update["units"].size(), "unit") << "; " << update["sizes"]["code"] << " bytes of code, "
      << update["sizes"]["constants"] << " of constants, " << update["sizes"]["variables"] << " of variables\n";

  Table units({"UNIT", "FROM", "TO", ""});
  for (const Json &unit : update["units"])
    units.add({text(unit["key"]), short_text(unit["old_id"]), short_text(unit["new_id"]),
               unit["new"].get<bool>()       ? "new"
               : unit["touched"].get<bool>() ? ""
                                             : "same code"});
  print_section("Units:", units, out);

  Table functions({"CHANGE", "FUNCTION", "BYTES", "UNIT", ""});
  for (const Json &function : update["functions"])
    functions.add({text(function["change"]), text(function["name"]),
                   function["size"].is_null() ? "-" : function["size"].dump(), text(function["unit"]),
                   flags(function, {{"allow_active", "may stay active"}})});
  print_section("Functions:", functions, out);

  Table data({"KIND", "NAME", "BYTES", "UNIT"});
  for (const Json &item : update["data"])
    data.add({text(item["kind"]), text(item["name"]), item["size"].dump(), text(item["unit"])});
  print_section("New data:", data, out);

  Table imports({"KIND", "NAME", "UNIT", ""});
  for (const Json &import : update["imports"])
    imports.add({text(import["kind"]), text(import["name"]), text(import["unit"]),
                 flags(import, {{"local", "the unit's own"}, {"hidden", "the image's own"}, {"weak", "weak"}})});
  print_section("Needs from the process:", imports, out);

  Table remarks({"REMARK", "", "UNIT"});
  for (const Json &remark : update["remarks"])
    remarks.add({text(remark["kind"]), text(remark["text"]), text(remark["unit"])});
  print_section("Remarks:", remarks, out);
}

int run_inspect(const std::string &path, Console &console) {
  const FileBytes bytes = read_update(path);
  UpdateReader update;
  Message why;
  if (!update.open(bytes.data(), bytes.size, why))
    throw Refused(path + ": " + why.c_str());
  const Json description = describe_update(path, update);
  if (console.json)
    console.print(description);
  else
    print_for_people(description, console.out);
  return kDone;
}

} // namespace

void add_inspect(CLI::App &app, Action &action, Console &console) {
  auto path = std::make_shared<std::string>();
  CLI::App *command = app.add_subcommand("inspect", "Show what an update replaces, adds and needs");
  command->add_option("update", *path, "An update made by wfdiff")->required()->type_name("FILE.wfp");
  add_json(*command, console, "Print it as JSON");
  command->footer("Checks the whole file, with its digest; a damaged one is refused. Nothing is changed anywhere.");
  command->callback([path, &action] { action = [path](Console &console) { return run_inspect(*path, console); }; });
}

} // namespace wfp::control
