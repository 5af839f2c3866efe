#include "from_yaml.h"

#include "diff-tool/object_reader.h"
#include "diff-tool/resolve.h"

#include "llvm/ObjectYAML/yaml2obj.h"
#include "llvm/Support/YAMLTraits.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace llvm;

namespace wfdiff::test {

Expected<Object> parse(const std::string &Body) {
  std::string Yaml = "--- !ELF\nFileHeader:\n  Class: ELFCLASS64\n  Data: ELFDATA2LSB\n  Type: ET_REL\n  Machine: EM_X86_64\n" + Body;
  std::string Bytes;
  raw_string_ostream Out(Bytes);
  yaml::Input In(Yaml);
  bool Made = yaml::convertYAML(In, Out, [](const Twine &Why) { ADD_FAILURE() << Why.str(); });
  EXPECT_TRUE(Made);
  Out.flush();
  return readObject(std::shared_ptr<MemoryBuffer>(MemoryBuffer::getMemBufferCopy(Bytes)), "test.o", "test.o");
}

std::unique_ptr<Object> object(const std::string &Body) {
  Decoder Decode; // remembers pieces by address: one for each object
  Expected<Object> O = parse(Body);
  if (!O) {
    ADD_FAILURE() << toString(O.takeError());
    return std::make_unique<Object>();
  }
  auto Result = std::make_unique<Object>(std::move(*O));
  resolveAll(*Result, Decode);
  return Result;
}

uint32_t pieceOf(const Object &O, StringRef Name) {
  auto Found = O.ByName.find(Name);
  if (Found == O.ByName.end()) {
    ADD_FAILURE() << "no piece " << Name.str();
    return 0;
  }
  return Found->second;
}

} // namespace wfdiff::test
