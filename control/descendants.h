// --children: a server of several processes, such as a master and its workers, is one to operate.
#pragma once

#include "control/output.h"

#include <functional>

namespace wfp::control {

// Calls `visit` for each process that descends from `root`, parents before their children, until a look at all processes
// finds no further one; adds what it makes of an entry for each to document["children"], and gives the worst exit code.
//
// To change them, call it when `root` itself has changed: a child that it forks from then on has the change with its
// memory, and those that it forked before are found.  One that ends meanwhile is left out, and so is one without the runtime, such
// as a helper program; but one that runs `root`'s program was forked from it, and gets a second to open its socket.
ExitCode visit_descendants(const ProcessInfo &root, Json &document, Console &console,
                           const std::function<ExitCode(const ProcessInfo &, Json &)> &visit);

} // namespace wfp::control
