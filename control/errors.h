// How a command ends other than well.
//
// The commands throw; dispatch.cpp turns what it catches into one line on stderr and an exit code.  Exceptions, because
// every step can fail and every failure ends the command: there is nothing to do with it on the way up.
#pragma once

#include <stdexcept>
#include <string>

namespace wfp::control {

// The exit codes of the command; documented in docs/man/wfpatch.1.
enum ExitCode : int {
  kDone = 0,
  kRefused = 1, // nothing was changed; the reason stands on stderr
  kUsage = 2,   // the command line makes no sense
  kTimeout = 3, // threads are still moving; the update stays and goes on
};

// Of two changes, one command's exit code.
inline ExitCode worse(ExitCode left, ExitCode right) {
  return left == kRefused || right == kDone ? left : right == kRefused || left == kDone ? right : left;
}

// what() is one line, without "wfpatch:" in front and without a final period.
struct Failure : std::runtime_error {
  Failure(ExitCode code, const std::string &what) : std::runtime_error(what), code(code) {}
  ExitCode code;
};

// The request cannot be done, and nothing was changed.
struct Refused : Failure {
  explicit Refused(const std::string &what) : Failure(kRefused, what) {}
};

// The process did not answer in time.
struct NoAnswer : Refused {
  using Refused::Refused;
};

// Nobody listens for the process: it does not run the runtime.
struct NoRuntime : Refused {
  using Refused::Refused;
};

// A reply that the protocol does not allow.  what() starts "malformed reply: "; interpret() in client.h says whose.
struct Malformed : Refused {
  explicit Malformed(const std::string &what) : Refused("malformed reply: " + what) {}
};

// A change was sent, and it is not known or not yet true that it is complete.
struct TimedOut : Failure {
  explicit TimedOut(const std::string &what) : Failure(kTimeout, what) {}
};

} // namespace wfp::control
