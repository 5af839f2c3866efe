// Reads the plugin's records.  The bytes come from an object that somebody hands us: every size is checked, every JSON
// value may be missing or of another type.  Fields that an unknown, later plugin adds are skipped.
#include "diff-tool/unit_info.h"

#include "format/records.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace llvm;
using namespace wfp::format;

namespace wfdiff {

static Error broken(StringRef What, const Twine &Why) {
  return createStringError(inconvertibleErrorCode(), What + ": " + Why);
}

template <class Record> static Record load(ArrayRef<uint8_t> Bytes) {
  Record R;
  std::memcpy(&R, Bytes.data(), sizeof(R));
  return R;
}

Error readNote(ArrayRef<uint8_t> Bytes, StringRef What, UnitInfo &Info) {
  while (!Bytes.empty()) {
    if (Bytes.size() < 12)
      return broken(What, "truncated note header");
    uint32_t NameSize = support::endian::read32le(Bytes.data());
    uint64_t DescSize = support::endian::read32le(Bytes.data() + 4);
    uint32_t Type = support::endian::read32le(Bytes.data() + 8);
    uint64_t DescAt = 12 + ((uint64_t(NameSize) + 3) & ~uint64_t(3));
    uint64_t End = DescAt + ((DescSize + 3) & ~uint64_t(3));
    if (DescAt + DescSize > Bytes.size())
      return broken(What, "truncated note");
    bool Ours = NameSize == sizeof(kNoteName) && !std::memcmp(Bytes.data() + 12, kNoteName, sizeof(kNoteName));
    if (Ours && Type == kNoteTypeUnit) {
      ArrayRef<uint8_t> Desc = Bytes.slice(DescAt, DescSize);
      if (Desc.size() < sizeof(UnitRecord))
        return broken(What, "truncated unit record");
      auto R = load<UnitRecord>(Desc);
      if (R.version != kRecordVersion)
        return broken(What, "unit record version " + Twine(R.version) + ", expected " + Twine(kRecordVersion));
      if (R.fixed_size < sizeof(UnitRecord) || R.fixed_size >= Desc.size())
        return broken(What, "unit record without a key");
      if (Info.HasNote) {
        Info.SeveralUnits = true;
        break;
      }
      ArrayRef<uint8_t> Key = Desc.drop_front(R.fixed_size);
      Info.Key = std::string(reinterpret_cast<const char *>(Key.data()),
                             strnlen(reinterpret_cast<const char *>(Key.data()), Key.size()));
      std::memcpy(Info.Id.data(), R.id, Info.Id.size());
      if (Info.Key.empty() || llvm::all_of(Info.Id, [](uint8_t Byte) { return Byte == 0; })) // no id: what a new unit has as its old one
        return broken(What, "unit record without a key or an id");
      Info.Flags = R.flags;
      Info.HasNote = true;
    }
    Bytes = Bytes.drop_front(std::min<uint64_t>(End, Bytes.size()));
  }
  return Error::success();
}

template <class Record>
static Error readRecords(ArrayRef<uint8_t> Bytes, StringRef What, std::unordered_map<uint64_t, SymbolRecord> &Map) {
  if (Bytes.size() % sizeof(Record))
    return broken(What, "size is no multiple of " + Twine(sizeof(Record)));
  for (; !Bytes.empty(); Bytes = Bytes.drop_front(sizeof(Record))) {
    auto R = load<Record>(Bytes);
    if (R.name != 0) // the null record keeps __start_ symbols alive and means nothing
      Map.try_emplace(R.name, SymbolRecord{R.name, R.flags});
  }
  return Error::success();
}

Error readFunctionRecords(ArrayRef<uint8_t> Bytes, StringRef What, UnitInfo &Info) {
  return readRecords<FunctionRecord>(Bytes, What, Info.Functions);
}
Error readVariableRecords(ArrayRef<uint8_t> Bytes, StringRef What, UnitInfo &Info) {
  return readRecords<VariableRecord>(Bytes, What, Info.Variables);
}
Error readThreadLocalRecords(ArrayRef<uint8_t> Bytes, StringRef What, UnitInfo &Info) {
  return readRecords<ThreadLocalRecord>(Bytes, What, Info.ThreadLocals);
}

static std::string text(const json::Object &O, StringRef Key) { return O.getString(Key).value_or("").str(); }

static Layout readLayout(const json::Object &O) {
  Layout L;
  L.Key = text(O, "key");
  L.Name = text(O, "name");
  L.Kind = text(O, "kind");
  L.File = text(O, "file");
  L.Line = O.getInteger("line").value_or(0);
  L.Size = O.getInteger("size").value_or(0);
  L.Align = O.getInteger("align").value_or(0);
  L.Escapes = O.getBoolean("escapes").value_or(true);
  if (const json::Array *Fields = O.getArray("fields"))
    for (const json::Value &V : *Fields)
      if (const json::Object *F = V.getAsObject())
        L.Fields.push_back({text(*F, "name"), text(*F, "type"), F->getInteger("offset").value_or(0),
                            F->getInteger("bits").value_or(0), text(*F, "to")});
  if (const json::Array *Names = O.getArray("typedefs"))
    for (const json::Value &V : *Names)
      L.Typedefs.push_back(V.getAsString().value_or("").str());
  if (const json::Array *Entries = O.getArray("vtable"))
    for (const json::Value &V : *Entries)
      L.VirtualTables.push_back(V.getAsString().value_or("").str());
  return L;
}

static EnumLayout readEnum(const json::Object &O) {
  EnumLayout E;
  E.Key = text(O, "key");
  E.Name = text(O, "name");
  E.Size = O.getInteger("size").value_or(0);
  if (const json::Array *Values = O.getArray("values"))
    for (const json::Value &V : *Values)
      if (const json::Array *Pair = V.getAsArray(); Pair && Pair->size() == 2)
        E.Values.emplace_back((*Pair)[0].getAsString().value_or("").str(), (*Pair)[1].getAsInteger().value_or(0));
  return E;
}

static unsigned nesting(StringRef Json) {
  unsigned Depth = 0, Deepest = 0;
  bool InString = false;
  for (size_t I = 0; I < Json.size(); ++I) {
    char C = Json[I];
    if (InString && C == '\\')
      ++I;
    else if (C == '"')
      InString = !InString;
    else if (!InString && (C == '[' || C == '{'))
      Deepest = std::max(Deepest, ++Depth);
    else if (!InString && (C == ']' || C == '}') && Depth)
      --Depth;
  }
  return Deepest;
}

Error readInfo(ArrayRef<uint8_t> Bytes, StringRef What, UnitInfo &Info) {
  StringRef Text(reinterpret_cast<const char *>(Bytes.data()), Bytes.size());
  Text = Text.take_until([](char C) { return C == '\0'; });
  // The parser calls itself for each level; ours has five.
  if (nesting(Text) > 32)
    return broken(What, "is nested too deeply");
  Expected<json::Value> Parsed = json::parse(Text);
  if (!Parsed)
    return broken(What, toString(Parsed.takeError()));
  const json::Object *Root = Parsed->getAsObject();
  if (!Root)
    return broken(What, "is no JSON object");
  if (int64_t Version = Root->getInteger("version").value_or(0); Version != kInfoVersion)
    return broken(What, "version " + Twine(Version) + ", expected " + Twine(kInfoVersion) +
                            ": it must be compiled with the plugin that belongs to this wfdiff");
  Info.Source = text(*Root, "source");
  Info.Compiler = text(*Root, "compiler");
  Info.Target = text(*Root, "target");
  Info.Language = text(*Root, "language");
  if (const json::Object *Options = Root->getObject("options"))
    for (const auto &[Key, Value] : *Options) {
      std::string S;
      raw_string_ostream(S) << Value;
      Info.Options[StringRef(Key)] = S;
    }
  if (const json::Array *Layouts = Root->getArray("layouts"))
    for (const json::Value &V : *Layouts)
      if (const json::Object *O = V.getAsObject())
        Info.Layouts.push_back(readLayout(*O));
  if (const json::Array *Enums = Root->getArray("enums"))
    for (const json::Value &V : *Enums)
      if (const json::Object *O = V.getAsObject())
        Info.Enums.push_back(readEnum(*O));
  if (const json::Array *Variables = Root->getArray("variables"))
    for (const json::Value &V : *Variables)
      if (const json::Object *O = V.getAsObject())
        Info.VariableTypes[text(*O, "name")] = {text(*O, "type"), text(*O, "to")};
  if (const json::Array *Functions = Root->getArray("functions"))
    for (const json::Value &V : *Functions)
      if (const json::Object *O = V.getAsObject())
        Info.Signatures[text(*O, "name")] = text(*O, "type");
  if (const json::Array *Escaping = Root->getArray("escaping"))
    for (const json::Value &V : *Escaping)
      Info.Escaping.push_back(V.getAsString().value_or("").str());
  if (const json::Array *Closures = Root->getArray("closures"))
    for (const json::Value &V : *Closures)
      if (const json::Object *O = V.getAsObject())
        Info.Closures.push_back({text(*O, "symbol"), text(*O, "key")});
  if (const json::Array *Lines = Root->getArray("lines"))
    for (const json::Value &V : *Lines)
      if (const json::Object *O = V.getAsObject()) {
        int64_t Line = O->getInteger("line").value_or(0);
        Info.Lines.push_back({text(*O, "function"), O->getInteger("ordinal").value_or(0), Line});
        Info.LineNumbers.insert(Line);
      }
  if (const json::Array *Numbered = Root->getArray("numbered")) {
    Info.HasNumbered = true;
    for (const json::Value &V : *Numbered)
      if (const json::Object *O = V.getAsObject()) {
        NumberedName N{text(*O, "name"), size_t(O->getInteger("at").value_or(-1)), size_t(O->getInteger("digits").value_or(-1))};
        if (N.At < N.Name.size() && N.Digits > 0 && N.Digits <= N.Name.size() - N.At)
          Info.Numbered.push_back(std::move(N));
      }
  }
  Info.HasInfo = true;
  return Error::success();
}

} // namespace wfdiff
