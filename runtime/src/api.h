// What initialisation calls of the C API's side.
#pragma once

namespace wfp {

// Applies every update in `folder` (*.wfp, in the order of their names) to this process; what is refused is logged.  Before main,
// on the initial thread: ordinary libc.
void apply_folder(const char *folder);

} // namespace wfp
