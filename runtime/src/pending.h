// The flag that polls look at: one byte in each instrumented image, and one in the runtime for parks.  Control thread, or
// before there is one.
#pragma once

namespace wfp {

// Images that appear later are told by attach_images.
void set_pending(bool pending);

// Lets the polls of images that have no entry yet lead to the runtime.
void attach_images();

} // namespace wfp
