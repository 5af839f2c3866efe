#pragma once

#include <string>

namespace netload {

// Sends one request, "VERB ARGUMENTS" without a nonce, and prints the version that answered and the answer:
//
//     1.0: OK netservice/1.0
//
// Returns 0 if the answer is OK, 1 if it is an error or damaged.  Throws std::system_error.
int ask(int port, const std::string &request);

} // namespace netload
