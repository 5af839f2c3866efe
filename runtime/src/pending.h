// The flag that polls look at: one byte in each instrumented image, and one in the runtime for parks.  Control thread, or
// before there is one.
#pragma once

namespace wfp {

// Says so to all images that are there.
void set_pending(bool pending);

// In a fork's child: the same, but left to the next tell_images().
void set_pending_later(bool pending);

// Lets the polls of images that have appeared lead to the runtime, and tells them, and those that could not be told before (image.h:
// ImageHold).  False: some are still to be told.
bool tell_images();
// Whether there are any of those.
bool images_untold();

} // namespace wfp
