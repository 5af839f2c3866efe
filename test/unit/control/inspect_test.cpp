#include "control/errors.h"
#include "test/unit/control/fake_server.h"
#include "test/unit/control/sample_update.h"

#include <gtest/gtest.h>

namespace wfp::control::test {
namespace {

TEST(Inspect, TellsAMachineEverything) {
  TemporaryFile file(make_sample_update().bytes);
  Outcome outcome = run({"inspect", file.path(), "--json"});
  ASSERT_EQ(outcome.code, kDone) << outcome.err;
  Json json = outcome.json();
  EXPECT_EQ(json["file"], file.path());
  EXPECT_EQ(json["id"].get<std::string>().size(), 64u);
  const std::string ids[] = {std::string(64, '1'), std::string(64, '2'), std::string(64, '3'), std::string(64, '4')};
  EXPECT_EQ(json["units"],
            Json::parse(R"([{"key":"src/conn.c|obj/conn.o","old_id":")" + ids[0] + R"(","new_id":")" + ids[1] +
                        R"(","touched":true,"new":false},{"key":"src/log.c|obj/log.o","old_id":")" + ids[2] +
                        R"(","new_id":")" + ids[3] + R"(","touched":false,"new":false}])"));
  EXPECT_EQ(json["functions"], Json::parse(R"json([
    {"name":"parse(char*)","symbol":"_Z5parsePc","change":"replaced","unit":"src/conn.c|obj/conn.o","size":32,"local":false,"allow_active":true},
    {"name":"gone","symbol":"gone","change":"removed","unit":"src/conn.c|obj/conn.o","size":null,"local":false,"allow_active":false},
    {"name":"check_bounds","symbol":"check_bounds","change":"added","unit":"src/conn.c|obj/conn.o","size":16,"local":true,"allow_active":false}])json"));
  EXPECT_EQ(json["data"], Json::parse(R"([
    {"name":"rejected","kind":"variable","size":8,"unit":"src/conn.c|obj/conn.o"},
    {"name":"limits","kind":"constant","size":24,"unit":"src/conn.c|obj/conn.o"}])"));
  EXPECT_EQ(
      json["imports"],
      Json::parse(
          R"([{"name":"memcpy","kind":"function","unit":"src/conn.c|obj/conn.o","local":false,"hidden":false,"weak":true}])"));
  EXPECT_EQ(json["remarks"], Json::parse(R"([{"kind":"note","text":"made by hand","unit":null},
    {"kind":"trusted-type","text":"struct conn","unit":"src/conn.c|obj/conn.o"}])"));
  EXPECT_EQ(json["sizes"], Json::parse(R"({"code":48,"constants":24,"variables":8})"));
}

TEST(Inspect, TablesForPeople) {
  TemporaryFile file(make_sample_update().bytes);
  const std::string id = run({"inspect", file.path(), "--json"}).json()["id"];
  Outcome outcome = run({"inspect", file.path()});
  ASSERT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.out, file.path() + ": update " + id + R"text(
1 function replaced, 1 added, 1 removed, in 2 units; 48 bytes of code, 24 of constants, 8 of variables

Units:
UNIT                   FROM          TO
src/conn.c|obj/conn.o  111111111111  222222222222
src/log.c|obj/log.o    333333333333  444444444444  same code

Functions:
CHANGE    FUNCTION      BYTES  UNIT
replaced  parse(char*)  32     src/conn.c|obj/conn.o  may stay active
removed   gone          -      src/conn.c|obj/conn.o
added     check_bounds  16     src/conn.c|obj/conn.o

New data:
KIND      NAME      BYTES  UNIT
variable  rejected  8      src/conn.c|obj/conn.o
constant  limits    24     src/conn.c|obj/conn.o

Needs from the process:
KIND      NAME    UNIT
function  memcpy  src/conn.c|obj/conn.o  weak

Remarks:
REMARK                      UNIT
note          made by hand  -
trusted-type  struct conn   src/conn.c|obj/conn.o
)text");
}

TEST(Inspect, RefusesDamage) {
  const SampleUpdate good = make_sample_update();
  auto complaint = [](const std::string &bytes) {
    TemporaryFile file(bytes);
    Outcome outcome = run({"inspect", file.path()});
    EXPECT_EQ(outcome.code, kRefused);
    EXPECT_EQ(outcome.out, "");
    std::string start = "wfpatch: " + file.path() + ": ";
    EXPECT_TRUE(outcome.err.starts_with(start)) << outcome.err;
    return outcome.err.substr(std::min(start.size(), outcome.err.size()));
  };
  std::string flipped = good.bytes;
  flipped[good.code_offset] ^= 1;
  EXPECT_EQ(complaint(flipped), "damaged: the file's bytes do not match the digest in its manifest\n");
  std::string other_id = good.bytes;
  other_id[good.manifest_offset + 16] ^= 1; // the digest itself
  EXPECT_EQ(complaint(other_id), "damaged: the file's bytes do not match the digest in its manifest\n");
  EXPECT_EQ(complaint(good.bytes.substr(0, good.bytes.size() - 1)),
            "truncated: the section header table lies behind the end of the file\n");
  EXPECT_EQ(complaint(good.bytes.substr(0, 40)), "truncated: the ELF header is incomplete\n");
  // No byte may be flipped unnoticed.
  for (std::size_t i = 0; i < good.bytes.size(); i += 7) {
    std::string bytes = good.bytes;
    bytes[i] ^= 0x10;
    TemporaryFile file(bytes);
    EXPECT_EQ(run({"inspect", file.path()}).code, kRefused) << i;
  }
}

TEST(Inspect, RefusesWhatIsNoUpdate) {
  Outcome outcome = run({"inspect", "/proc/self/exe"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: /proc/self/exe: not an update file (not a relocatable object)\n");
  outcome = run({"inspect", "/nowhere.wfp", "--json"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.json()["error"], "cannot open /nowhere.wfp: No such file or directory");
}

} // namespace
} // namespace wfp::control::test
