// The control thread: does all of updating that can take long, so that no application thread ever has to.
#pragma once

#include "runtime/src/base/text.h"

namespace wfp {

// Starts it; on return it answers on @wfpatch/<pid>.  At load, and in a fork's child.
[[nodiscard]] bool start_control_thread(Message &why);

} // namespace wfp
