#include "protocol.h"

#include <charconv>
#include <cstring>

namespace netload {
namespace {

constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

class Digest {
public:
  Digest(Version version, std::uint64_t nonce) : version(version) {
    if (version == Version::V1_0) {
      state = nonce + golden;
    } else {
      state = golden;
      mix(nonce);
    }
  }

  void add(std::string_view text) {
    length += text.size();
    for (; !text.empty(); text.remove_prefix(text.size() < 8 ? text.size() : 8)) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), text.size() < 8 ? text.size() : 8);
      mix(word);
    }
  }

  std::uint64_t finish() {
    mix(version == Version::V1_0 ? golden : golden ^ length);
    return state;
  }

private:
  void mix(std::uint64_t word) {
    constexpr std::uint64_t factor = 0xbf58476d1ce4e5b9;
    if (version == Version::V1_0) {
      state = (state ^ word) * factor;
      state ^= state >> 31;
    } else {
      state = (state ^ (state >> 29) ^ word) * factor;
      state ^= state >> 32;
    }
  }

  Version version;
  std::uint64_t state;
  std::uint64_t length = 0;
};

} // namespace

const char *version_name(Version version) {
  static constexpr const char *names[version_count] = {"1.0", "1.1", "1.2"};
  return names[static_cast<int>(version)];
}

std::optional<Reply> parse_reply(std::string_view line) {
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == line.npos || last <= first || line.size() - last != 17)
    return {};
  Reply reply{0, line.substr(first + 1, last - first - 1), 0};
  const char *nonce_end = line.data() + first, *end = line.data() + line.size();
  if (std::from_chars(line.data(), nonce_end, reply.nonce).ptr != nonce_end ||
      std::from_chars(line.data() + last + 1, end, reply.digest, 16).ptr != end)
    return {};
  return reply;
}

std::uint64_t reply_digest(Version version, std::string_view verb, std::uint64_t nonce, std::string_view body) {
  Digest digest(version, nonce);
  if (version == Version::V1_2)
    digest.add("netservice/1.2");
  if (version != Version::V1_0)
    digest.add(verb);
  digest.add(body);
  return digest.finish();
}

std::uint64_t sum_of(Version version, std::uint64_t rounds, std::string_view text) {
  Digest digest(version, rounds);
  for (std::uint64_t i = 0; i < rounds; ++i)
    digest.add(text);
  return digest.finish();
}

std::optional<Version> version_of(const Reply &reply, std::string_view verb) {
  for (Version version : all_versions)
    if (reply_digest(version, verb, reply.nonce, reply.body) == reply.digest)
      return version;
  return {};
}

} // namespace netload
