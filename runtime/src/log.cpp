#include "runtime/src/log.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/base/text.h"

#include <cstring>
#include <fcntl.h>

namespace wfp {

namespace {
char path[4096];

void write_line(TextSink &line) {
  line << '\n';
  long file = sys::call(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (sys::failed(file))
    return;
  sys::call(SYS_write, file, line.c_str(), line.size());
  sys::call(SYS_close, file);
}
} // namespace

void set_log(const char *target) {
  path[0] = '\0';
  if (!target || !*target)
    return;
  // The control thread has no descriptor 2: standard error is reached through the process's first thread.
  TextSink sink(path, sizeof(path));
  if (std::strcmp(target, "stderr") == 0)
    sink << "/proc/" << sys::call(SYS_getpid) << "/fd/2";
  else
    sink << target;
}

void log_event(const char *text, unsigned long long number) {
  FixedText<24> digits;
  digits << number;
  log_event(text, digits.c_str());
}

void log_event(const char *text, const char *more) {
  if (!path[0])
    return;
  FixedText<1400> line;
  line << "wfpatch[" << sys::call(SYS_getpid) << "]: " << text << more;
  write_line(line);
}

} // namespace wfp
