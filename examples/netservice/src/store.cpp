#include "store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

struct Entry {
  std::string value;
  long expires;

  bool expired(long now) const { return expires != 0 && expires <= now; }
};

// Looking up a string_view must not build a string.
struct Hash : std::hash<std::string_view> {
  using is_transparent = void;
};

struct alignas(64) Shard {
  std::mutex mutex;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries;
};

std::array<Shard, 64> shards;

// The map uses the low bits of the hash, the choice of the shard the high ones.
Shard &shard_of(std::string_view key) { return shards[std::hash<std::string_view>{}(key) >> 58]; }

} // namespace

bool store_set(const char *key, size_t key_length, const char *value, size_t value_length, long expires) try {
  const std::string_view name(key, key_length);
  Shard &shard = shard_of(name);
  std::scoped_lock lock(shard.mutex);
  auto found = shard.entries.find(name);
  if (found != shard.entries.end()) {
    found->second.value.assign(value, value_length);
    found->second.expires = expires;
    return true;
  }
  if (shard.entries.size() >= kStoreMax / shards.size())
    return false;
  shard.entries.emplace(name, Entry{std::string(value, value_length), expires});
  return true;
} catch (const std::bad_alloc &) {
  return false;
}

long store_get(const char *key, size_t key_length, char *value, size_t capacity, long now) {
  const std::string_view name(key, key_length);
  Shard &shard = shard_of(name);
  std::scoped_lock lock(shard.mutex);
  auto found = shard.entries.find(name);
  if (found == shard.entries.end() || found->second.expired(now))
    return -1;
  const std::string &bytes = found->second.value;
  std::memcpy(value, bytes.data(), std::min(bytes.size(), capacity));
  return static_cast<long>(bytes.size());
}

size_t store_expire(long now) {
  size_t count = 0;
  for (Shard &shard : shards) {
    std::scoped_lock lock(shard.mutex);
    count += std::erase_if(shard.entries, [now](const auto &item) { return item.second.expired(now); });
  }
  return count;
}

size_t store_count() {
  size_t count = 0;
  for (Shard &shard : shards) {
    std::scoped_lock lock(shard.mutex);
    count += shard.entries.size();
  }
  return count;
}
