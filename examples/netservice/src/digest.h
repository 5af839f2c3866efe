// The digest that ends every reply.  A client computes it too, and so sees that the reply is whole, and which version
// of the service made it: each of the three functions enters into the result.  Not cryptographic.
#ifndef NETSERVICE_DIGEST_H
#define NETSERVICE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct Digest {
  uint64_t state;
  uint64_t length; // bytes added so far
};

void digest_begin(struct Digest *digest, uint64_t nonce);
void digest_add(struct Digest *digest, const void *bytes, size_t length);
uint64_t digest_end(struct Digest *digest);

#ifdef __cplusplus
}
#endif

#endif
