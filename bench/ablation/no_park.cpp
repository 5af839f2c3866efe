// A runtime for bench/servers/ablation whose blocking calls do not park: linked in place of runtime/src/park.cpp, with wrappers whose
// PARK() is nothing.
#include "runtime/src/park.h"

using namespace wfp;

extern "C" WfpThread *wfp_park(void *) { return nullptr; }
extern "C" WfpThread *wfp_park_for_caller(void *) { return nullptr; }

// Nobody is ever parked; signal handlers and polls still ask.
extern "C" void wfp_unpark(WfpThread *) {}
