#include "lowbit/report/browser_test/browser.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <utility>

namespace lowbit::report {
namespace {

using nlohmann::json;

constexpr int kPatienceMilliseconds = 60000;
// Where --remote-debugging-pipe reads and writes.
constexpr int kBrowserReads = 3, kBrowserWrites = 4;

std::string FindBrowser() {
  if (const char* chosen = std::getenv("LOWBIT_CHROMIUM")) return chosen;
  std::istringstream folders(std::getenv("PATH") != nullptr ? std::getenv("PATH") : "");
  std::vector<std::string> places;
  for (std::string folder; std::getline(folders, folder, ':');) places.push_back(folder);
  places.emplace_back("/usr/bin");
  places.emplace_back("/usr/lib/chromium");
  for (const char* name : {"chromium-headless-shell", "chromium", "google-chrome"}) {
    for (const std::string& place : places) {
      std::string path = place + "/" + name;
      if (access(path.c_str(), X_OK) == 0) return path;
    }
  }
  return "";
}

std::vector<std::string> Arguments(const std::string& program, const std::string& profile) {
  std::vector<std::string> arguments = {program,
                                        "--headless",
                                        "--remote-debugging-pipe",
                                        "--user-data-dir=" + profile,
                                        "--disable-gpu",
                                        "--disable-dev-shm-usage",
                                        "--disable-extensions",
                                        "--no-first-run",
                                        "--hide-scrollbars",
                                        "--force-color-profile=srgb"};
  // Chromium's sandbox refuses to run as root and inside most containers. Only our own pages are opened.
  arguments.emplace_back("--no-sandbox");
  arguments.emplace_back("about:blank");
  return arguments;
}

// In the child, between fork and exec: only calls that are allowed there.
[[noreturn]] void BecomeBrowser(int read_end, int write_end, char* const* arguments) {
  // Moved out of the way first: an end may already have the number that the other one needs.
  const int reads = fcntl(read_end, F_DUPFD, 10), writes = fcntl(write_end, F_DUPFD, 10);
  dup2(reads, kBrowserReads);
  dup2(writes, kBrowserWrites);
  const int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, 0);
  dup2(nowhere, 1);
  dup2(nowhere, 2);
  for (int descriptor = 5; descriptor < 64; ++descriptor) close(descriptor);
  // Its helpers die with it: one group to kill.
  setpgid(0, 0);
  execv(arguments[0], arguments);
  _exit(127);
}

}  // namespace

Result<Browser> Browser::Start() {
  Browser browser;
  LOWBIT_RETURN_IF_ERROR(browser.Launch());
  LOWBIT_RETURN_IF_ERROR(browser.AttachToNewPage());
  return browser;
}

Browser::Browser(Browser&& other) noexcept
    : process_(std::exchange(other.process_, -1)),
      to_browser_(std::exchange(other.to_browser_, -1)),
      from_browser_(std::exchange(other.from_browser_, -1)),
      profile_(std::exchange(other.profile_, "")),
      buffer_(std::move(other.buffer_)),
      session_(std::move(other.session_)),
      last_id_(other.last_id_),
      events_(std::move(other.events_)) {}

Browser::~Browser() {
  if (to_browser_ >= 0) close(to_browser_);
  if (from_browser_ >= 0) close(from_browser_);
  if (process_ > 0) {
    kill(-process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  if (!profile_.empty()) std::filesystem::remove_all(profile_, ignored);
}

Status Browser::Launch() {
  const std::string program = FindBrowser();
  if (program.empty()) return Failed("no Chromium found; install chromium-headless-shell or set LOWBIT_CHROMIUM");
  std::string profile = (std::filesystem::temp_directory_path() / "lowbit-browser-XXXXXX").string();
  if (mkdtemp(profile.data()) == nullptr) return Failed(profile + ": cannot be made");
  profile_ = profile;
  int commands[2], answers[2];
  if (pipe2(commands, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0) return Failed("no pipes left");
  std::vector<std::string> arguments = Arguments(program, profile_);
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  signal(SIGPIPE, SIG_IGN);
  process_ = fork();
  if (process_ == 0) BecomeBrowser(commands[0], answers[1], pointers.data());
  if (process_ > 0) setpgid(process_, process_);
  close(commands[0]);
  close(answers[1]);
  to_browser_ = commands[1];
  from_browser_ = answers[0];
  if (process_ < 0) return Failed("cannot start a process");
  return Ok();
}

Status Browser::AttachToNewPage() {
  LOWBIT_TRY(const json target, Call("Target.createTarget", {{"url", "about:blank"}}));
  LOWBIT_TRY(const json session, Call("Target.attachToTarget", {{"targetId", target["targetId"]}, {"flatten", true}}));
  session_ = session["sessionId"].get<std::string>();
  for (const char* domain : {"Page", "Runtime", "Log", "Network"}) {
    LOWBIT_RETURN_IF_ERROR(Call(std::string(domain) + ".enable"));
  }
  return Ok();
}

Status Browser::Send(const json& message) {
  const std::string text = message.dump();
  // The zero byte behind the text ends the message.
  const char* data = text.c_str();
  for (size_t sent = 0; sent < text.size() + 1;) {
    const ssize_t count = write(to_browser_, data + sent, text.size() + 1 - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Failed("the browser closed its pipe");
    sent += static_cast<size_t>(count);
  }
  return Ok();
}

Result<json> Browser::Receive() {
  for (size_t end = buffer_.find('\0'); end == std::string::npos; end = buffer_.find('\0')) {
    pollfd waiting = {from_browser_, POLLIN, 0};
    const int ready = poll(&waiting, 1, kPatienceMilliseconds);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return Failed("the browser gave no answer");
    char chunk[65536];
    const ssize_t count = read(from_browser_, chunk, sizeof(chunk));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Failed("the browser ended");
    buffer_.append(chunk, static_cast<size_t>(count));
  }
  const size_t end = buffer_.find('\0');
  json message = json::parse(buffer_.substr(0, end), nullptr, false);
  buffer_.erase(0, end + 1);
  if (message.is_discarded()) return Failed("the browser sent something that is no JSON");
  return message;
}

Result<json> Browser::Call(const std::string& method, const json& parameters) {
  const int id = ++last_id_;
  json message = {{"id", id}, {"method", method}, {"params", parameters}};
  if (!session_.empty()) message["sessionId"] = session_;
  LOWBIT_RETURN_IF_ERROR(Send(message));
  while (true) {
    LOWBIT_TRY(json answer, Receive());
    if (answer.contains("method")) events_.push_back(answer);
    if (answer.value("id", 0) != id) continue;
    if (answer.contains("error")) return Failed(method + ": " + answer["error"].dump());
    return answer["result"];
  }
}

Result<json> Browser::Evaluate(const std::string& expression) {
  LOWBIT_TRY(const json result,
             Call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}}));
  if (result.contains("exceptionDetails")) return Failed("the script threw: " + result["exceptionDetails"].dump());
  return result["result"].value("value", json());
}

Status Browser::Load(const std::string& url) {
  events_.clear();
  LOWBIT_RETURN_IF_ERROR(Call("Page.navigate", {{"url", url}}));
  const auto is_load = [](const json& event) { return event["method"] == "Page.loadEventFired"; };
  while (std::none_of(events_.begin(), events_.end(), is_load)) {
    LOWBIT_TRY(json message, Receive());
    if (message.contains("method")) events_.push_back(std::move(message));
  }
  return Ok();
}

Status Browser::Open(const std::string& url) {
  // What the page before still had to say is said before the blank one has loaded.
  LOWBIT_RETURN_IF_ERROR(Load("about:blank"));
  return Load(url);
}

}  // namespace lowbit::report
