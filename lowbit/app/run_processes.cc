#include "lowbit/app/run_processes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill() is not in <csignal>.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace lowbit::app {
namespace {

constexpr int kPollMilliseconds = 20;
constexpr int kNotStarted = 127;  // As shells say it.

std::string ErrnoText() { return std::strerror(errno); }

// In the new process, where only async-signal-safe functions may be called.
[[noreturn]] void Become(char* const* arguments, int output, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kNotStarted);  // It died before the line above.
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execv(arguments[0], arguments);
  _exit(kNotStarted);
}

class Process {
 public:
  Process(size_t command, pid_t id, int output) : command_(command), id_(id), output_(output) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() { CloseOutput(); }

  static Result<std::unique_ptr<Process>> Start(size_t index, const Command& command, bool captured) {
    int ends[2] = {-1, -1};
    if (captured && pipe2(ends, O_CLOEXEC) != 0) return Failed("cannot make a pipe: " + ErrnoText());
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const pid_t parent = getpid();
    const pid_t id = fork();
    if (id == 0) Become(arguments.data(), captured ? ends[1] : STDERR_FILENO, parent);
    const std::string why = id < 0 ? ErrnoText() : "";
    if (captured) close(ends[1]);
    auto process = std::make_unique<Process>(index, id, ends[0]);
    if (id < 0) return Failed("cannot start a process: " + why);
    if (captured) fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return process;
  }

  size_t command() const { return command_; }
  int output() const { return output_; }  // To poll; -1: there is nothing to come.
  void Terminate() const { kill(id_, SIGTERM); }

  // Hands over whole lines, and at the end of the output the rest.
  void ReadLines(const ProcessObserver& observer) {
    char bytes[4096];
    ssize_t count = 1;
    while (output_ >= 0 && (count = read(output_, bytes, sizeof(bytes))) > 0) {
      Add({bytes, static_cast<size_t>(count)}, observer);
    }
    if (count == 0) FinishOutput(observer);
  }

  // Whether the process has ended; tells the observer.
  bool Reap(const ProcessObserver& observer) {
    int status = 0;
    if (waitpid(id_, &status, WNOHANG) != id_) return false;
    ReadLines(observer);
    FinishOutput(observer);
    std::string failure;
    if (WIFSIGNALED(status)) failure = "killed by signal " + std::to_string(WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) failure = "exit code " + std::to_string(WEXITSTATUS(status));
    observer.ended(command_, failure);
    return true;
  }

 private:
  void Add(const std::string& text, const ProcessObserver& observer) {
    rest_ += text;
    size_t begin = 0;
    for (size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      observer.line(command_, rest_.substr(begin, end - begin));
      begin = end + 1;
    }
    rest_.erase(0, begin);
  }

  void FinishOutput(const ProcessObserver& observer) {
    if (!rest_.empty()) observer.line(command_, std::exchange(rest_, ""));
    CloseOutput();
  }

  void CloseOutput() {
    if (output_ >= 0) close(output_);
    output_ = -1;
  }

  size_t command_;
  pid_t id_;
  int output_;
  std::string rest_;  // A line that has not ended yet.
};

using Processes = std::vector<std::unique_ptr<Process>>;

// Sleeps until a process says something, or for a moment.
void AwaitOutput(const Processes& running) {
  std::vector<pollfd> outputs;
  for (const auto& process : running) outputs.push_back({process->output(), POLLIN, 0});
  poll(outputs.data(), outputs.size(), kPollMilliseconds);
}

void Attend(const ProcessObserver& observer, Processes* running) {
  AwaitOutput(*running);
  for (const auto& process : *running) process->ReadLines(observer);
  for (size_t i = running->size(); i-- > 0;) {
    if ((*running)[i]->Reap(observer)) running->erase(running->begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace

Status RunProcesses(const std::vector<Command>& commands, const ProcessOptions& options,
                    const ProcessObserver& observer) {
  Processes running;
  Status status = Ok();
  size_t next = 0;
  bool ending = false;
  while (true) {
    const bool end = !status.ok() || observer.interrupted();
    if (end && !ending) {
      for (const auto& process : running) process->Terminate();
    }
    ending = ending || end;
    while (!ending && next < commands.size() && running.size() < static_cast<size_t>(options.parallel)) {
      Result<std::unique_ptr<Process>> process = Process::Start(next, commands[next], options.captured);
      if (!process.ok()) {
        status = process.error();
        break;
      }
      observer.started(next++);
      running.push_back(std::move(process).value());
    }
    if (running.empty()) return status;
    Attend(observer, &running);
  }
}

}  // namespace lowbit::app
