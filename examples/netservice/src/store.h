// Keys and values, in shards with a lock each.
#ifndef NETSERVICE_STORE_H
#define NETSERVICE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { kStoreMax = 1 << 20 }; // entries

// `now` and `expires` are in seconds of CLOCK_MONOTONIC; expires == 0: never.  False if the store is full or memory is
// short.
bool store_set(const char *key, size_t key_length, const char *value, size_t value_length, long expires);

// Copies the value into `value`, which holds `capacity` bytes, and returns its length; -1 if there is none.
long store_get(const char *key, size_t key_length, char *value, size_t capacity, long now);

// Removes what has expired.  Returns how many entries that were.
size_t store_expire(long now);

size_t store_count(void);

#ifdef __cplusplus
}
#endif

#endif
