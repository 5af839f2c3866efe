// The client's side of netservice's protocol (examples/netservice/src/command.h): takes a reply apart, and finds out
// which version of the service made it.  The digests are computed anew here from their description, not with the
// service's code.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace netload {

enum class Version { V1_0, V1_1, V1_2 };
inline constexpr int version_count = 3;
inline constexpr std::array all_versions = {Version::V1_0, Version::V1_1, Version::V1_2};
const char *version_name(Version version);

struct Reply {
  std::uint64_t nonce;
  std::string_view body; // "OK ...", "NONE" or "ERROR ..."
  std::uint64_t digest;
};

// `line` without its newline.  Nothing if it is not a reply at all; the digest is not checked.
std::optional<Reply> parse_reply(std::string_view line);

// The digest that `version` gives the reply to a request `verb`.
std::uint64_t reply_digest(Version version, std::string_view verb, std::uint64_t nonce, std::string_view body);

// The number that `version` answers to "sum NONCE rounds text".
std::uint64_t sum_of(Version version, std::uint64_t rounds, std::string_view text);

// The version whose digest the reply carries.  Nothing if it is none's: the reply is damaged, or functions of several
// versions had a part in it.
std::optional<Version> version_of(const Reply &reply, std::string_view verb);

} // namespace netload
