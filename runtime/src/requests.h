// What clients ask for (format/protocol.h).  Control thread only.
#pragma once

namespace wfp {

// Receives one request and answers it; false when the client is gone or sent what is no packet of ours.
bool serve_request(long client);

// Sends an error row, for a client that is not served.
void refuse_client(long client, const char *message);

} // namespace wfp
