#ifndef LOWBIT_APP_RUN_PROCESSES_H_
#define LOWBIT_APP_RUN_PROCESSES_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::app {

// A program and its arguments; [0] is the path of the program.
using Command = std::vector<std::string>;

struct ProcessOptions {
  int parallel = 1;  // Processes at a time. >= 1
  // Whether lines of both outputs go to `line`; otherwise both are this process's standard error, a terminal perhaps.
  bool captured = true;
};

// What somebody who waits for the processes is told, on the thread that waits. All four must be given.
struct ProcessObserver {
  std::function<void(size_t command)> started;
  std::function<void(size_t command, const std::string& line)> line;
  // `failure` is empty after exit code 0, else "exit code 1" or "killed by signal 9".
  std::function<void(size_t command, const std::string& failure)> ended;
  // Asked several times a second. Once true: no process is started any more, and those that run get SIGTERM, once.
  std::function<bool()> interrupted;
};

// Runs the commands in order and returns when all processes have ended. Each is a process group of its own, so that
// Ctrl-C reaches it only through `interrupted`; its standard input is empty; it is killed should this process die.
// Errors: a process or pipe cannot be made; those that run are ended first.
Status RunProcesses(const std::vector<Command>& commands, const ProcessOptions& options,
                    const ProcessObserver& observer);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_RUN_PROCESSES_H_
