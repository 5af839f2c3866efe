// What the runtime refers to in the files that the fuzz targets leave out (interpose*.c); nothing here ever comes to the functions
// that abort.
#include "runtime/src/interpose.h"
#include "runtime/src/signal_entry.h"
#include "runtime/src/thread_birth.h"

#include <cstdlib>

extern "C" {
void wfp_signal_entry(int, siginfo_t *, void *) { std::abort(); }
void wfp_note_thread_end(void *) { std::abort(); }
const char *wfp_earlier_library() { return nullptr; }
}
