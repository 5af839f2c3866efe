// WFPATCH_LOG=stderr|FILE: one line for each event.  Control thread and initialisation only: application threads log nothing.
#pragma once

namespace wfp {

// `target`: the variable's value, or nullptr for no log.  The file is opened for each line (the control thread has a
// descriptor table of its own), in append mode.
void set_log(const char *target);

void log_event(const char *text, unsigned long long number);
void log_event(const char *text, const char *more = "");

} // namespace wfp
