// What the service understands: one line is a request, one line answers it.
//
//     version NONCE                    NONCE OK netservice/1.0 DIGEST
//     set NONCE KEY TTL VALUE          NONCE OK DIGEST                      TTL in seconds, 0: for ever
//     get NONCE KEY                    NONCE OK VALUE DIGEST
//     range NONCE KEY FROM COUNT       NONCE OK BYTES DIGEST                a part of the value
//     sum NONCE ROUNDS TEXT            NONCE OK HEX DIGEST                  work for the processor
//     wait NONCE MILLISECONDS          NONCE OK DIGEST                      sleeps in the middle of its work
//     stats NONCE                      NONCE OK sets=.. gets=.. ... DIGEST
//     anything wrong                   NONCE ERROR REASON DIGEST
//     no such key                      NONCE NONE DIGEST
//
// NONCE is a decimal number below 2^64 that the client chooses.  DIGEST (16 hex digits) covers the nonce and what
// stands between NONCE and DIGEST: see command_execute and digest.h.
#ifndef NETSERVICE_COMMAND_H
#define NETSERVICE_COMMAND_H

#include <stddef.h>

enum { kValueMax = 1024, kRequestMax = 2048, kReplyMax = kValueMax + 128 };

// Executes the request of `length` bytes in `line` (without its newline) and writes the reply with its newline into
// `reply`, which holds kReplyMax bytes.  `scratch` holds kValueMax bytes and belongs to the calling thread; it is not
// cleared between requests.  Returns the reply's length.  Any thread.
size_t command_execute(const char *line, size_t length, char *scratch, char *reply);

// For the janitor, once a second: works out what `stats` calls per_second.
void command_update_rate(void);

#endif
