#include "command.h"

#include "digest.h"
#include "store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define VERSION "netservice/1.0"

_Static_assert(kReplyMax >= sizeof "18446744073709551615  0123456789abcdef\n" + kValueMax + 32, "any reply fits");

enum { kKeyMax = 64, kRoundsMax = 100000, kWaitMax = 10000 };

// What is left to read of a request.
struct Text {
  const char *next;
  const char *end;
};

// What stands between nonce and digest, without the spaces around it.
struct Reply {
  char *scratch;
  size_t length;
  char body[kValueMax + 32];
};

static atomic_ulong requests, sets, gets, misses;
static atomic_ulong per_second;

static long now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

__attribute__((format(printf, 2, 3))) static void answer(struct Reply *reply, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(reply->body, sizeof reply->body, format, arguments);
  va_end(arguments);
  reply->length = (size_t)length < sizeof reply->body ? (size_t)length : sizeof reply->body - 1;
}

static void answer_bytes(struct Reply *reply, const char *bytes, size_t length) {
  memcpy(reply->body, "OK ", 3);
  memcpy(reply->body + 3, bytes, length);
  reply->length = 3 + length;
}

static struct Text next_word(struct Text *text) {
  const char *end = memchr(text->next, ' ', (size_t)(text->end - text->next));
  const struct Text word = {text->next, end ? end : text->end};
  text->next = end ? end + 1 : text->end;
  return word;
}

static size_t text_length(struct Text text) { return (size_t)(text.end - text.next); }

static bool next_number(struct Text *text, uint64_t *number) {
  const struct Text word = next_word(text);
  *number = 0;
  for (const char *digit = word.next; digit < word.end; ++digit) {
    if (*digit < '0' || *digit > '9' || __builtin_mul_overflow(*number, 10, number) ||
        __builtin_add_overflow(*number, (uint64_t)(*digit - '0'), number))
      return false;
  }
  return word.next < word.end;
}

static bool next_key(struct Text *text, struct Text *key) {
  *key = next_word(text);
  return key->next < key->end && text_length(*key) <= kKeyMax;
}

static void run_version(struct Text *text, struct Reply *reply) { answer(reply, "OK %s", VERSION); }

static void run_set(struct Text *text, struct Reply *reply) {
  struct Text key;
  uint64_t ttl;
  if (!next_key(text, &key) || !next_number(text, &ttl) || ttl > INT32_MAX || text_length(*text) > kValueMax) {
    answer(reply, "ERROR bad set");
    return;
  }
  const long expires = ttl == 0 ? 0 : now_seconds() + (long)ttl;
  atomic_fetch_add_explicit(&sets, 1, memory_order_relaxed);
  if (store_set(key.next, text_length(key), text->next, text_length(*text), expires))
    answer(reply, "OK");
  else
    answer(reply, "ERROR full");
}

// Copies the value of the next word, a key, into the scratch buffer.  Returns its length, or -1 after an answer.
static long fetch_value(struct Text *text, struct Reply *reply) {
  struct Text key;
  if (!next_key(text, &key)) {
    answer(reply, "ERROR bad key");
    return -1;
  }
  atomic_fetch_add_explicit(&gets, 1, memory_order_relaxed);
  const long length = store_get(key.next, text_length(key), reply->scratch, kValueMax, now_seconds());
  if (length < 0) {
    atomic_fetch_add_explicit(&misses, 1, memory_order_relaxed);
    answer(reply, "NONE");
  }
  return length;
}

static void run_get(struct Text *text, struct Reply *reply) {
  const long length = fetch_value(text, reply);
  if (length >= 0)
    answer_bytes(reply, reply->scratch, (size_t)length);
}

static void run_range(struct Text *text, struct Reply *reply) {
  const long length = fetch_value(text, reply);
  if (length < 0)
    return;
  uint64_t from, count;
  if (!next_number(text, &from) || !next_number(text, &count) || from > kValueMax || count > kValueMax - from) {
    answer(reply, "ERROR bad range");
    return;
  }
  answer_bytes(reply, reply->scratch + from, count);
}

static void run_sum(struct Text *text, struct Reply *reply) {
  uint64_t rounds;
  if (!next_number(text, &rounds) || rounds > kRoundsMax) {
    answer(reply, "ERROR bad sum");
    return;
  }
  struct Digest digest;
  digest_begin(&digest, rounds);
  for (uint64_t i = 0; i < rounds; ++i)
    digest_add(&digest, text->next, text_length(*text));
  answer(reply, "OK %016" PRIx64, digest_end(&digest));
}

static void run_wait(struct Text *text, struct Reply *reply) {
  uint64_t milliseconds;
  if (!next_number(text, &milliseconds) || milliseconds > kWaitMax) {
    answer(reply, "ERROR bad wait");
    return;
  }
  struct timespec rest = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
    ;
  answer(reply, "OK");
}

static void run_stats(struct Text *text, struct Reply *reply) {
  answer(reply, "OK requests=%lu per_second=%lu sets=%lu gets=%lu misses=%lu entries=%zu",
         atomic_load_explicit(&requests, memory_order_relaxed), atomic_load_explicit(&per_second, memory_order_relaxed),
         atomic_load_explicit(&sets, memory_order_relaxed), atomic_load_explicit(&gets, memory_order_relaxed),
         atomic_load_explicit(&misses, memory_order_relaxed), store_count());
}

typedef void Run(struct Text *text, struct Reply *reply);

static Run *find_command(struct Text verb) {
  static const struct {
    const char *name;
    Run *run;
  } commands[] = {
      {"get", run_get},   {"set", run_set},     {"range", run_range},     {"sum", run_sum},
      {"wait", run_wait}, {"stats", run_stats}, {"version", run_version},
  };
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; ++i)
    if (strlen(commands[i].name) == text_length(verb) && memcmp(commands[i].name, verb.next, text_length(verb)) == 0)
      return commands[i].run;
  return NULL;
}

size_t command_execute(const char *line, size_t length, char *scratch, char *out) {
  struct Text text = {line, line + length};
  struct Reply reply;
  reply.scratch = scratch;
  atomic_fetch_add_explicit(&requests, 1, memory_order_relaxed);

  const struct Text verb = next_word(&text);
  uint64_t nonce;
  const bool numbered = next_number(&text, &nonce);
  struct Digest digest;
  digest_begin(&digest, numbered ? nonce : 0);
  Run *run = find_command(verb);
  if (!numbered)
    answer(&reply, "ERROR bad nonce");
  else if (!run)
    answer(&reply, "ERROR unknown command");
  else
    run(&text, &reply);
  digest_add(&digest, reply.body, reply.length);

  // The body may hold any byte but a newline, so it is not printf's to copy.
  size_t used = (size_t)snprintf(out, kReplyMax, "%" PRIu64 " ", numbered ? nonce : 0);
  memcpy(out + used, reply.body, reply.length);
  used += reply.length;
  return used + (size_t)snprintf(out + used, kReplyMax - used, " %016" PRIx64 "\n", digest_end(&digest));
}

void command_update_rate(void) {
  static unsigned long before;
  const unsigned long total = atomic_load_explicit(&requests, memory_order_relaxed);
  atomic_store_explicit(&per_second, total - before, memory_order_relaxed);
  before = total;
}
