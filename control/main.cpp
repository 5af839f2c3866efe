#include "control/command.h"

#include <unistd.h>

#include <iostream>

int main(int argc, char **argv) {
  wfp::control::Console console(std::cout, std::cerr);
  console.out_is_terminal = isatty(STDOUT_FILENO);
  console.err_is_terminal = isatty(STDERR_FILENO);
  return wfp::control::run_command({argv + 1, argv + argc}, console);
}
