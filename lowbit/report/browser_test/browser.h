#ifndef LOWBIT_REPORT_BROWSER_TEST_BROWSER_H_
#define LOWBIT_REPORT_BROWSER_TEST_BROWSER_H_

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::report {

// A headless Chromium driven over its DevTools protocol through two pipes (--remote-debugging-pipe): commands and events
// are JSON texts ended by a zero byte. No port, no other program.
class Browser {
 public:
  // Starts the browser: $LOWBIT_CHROMIUM, or the first of chromium-headless-shell, chromium and google-chrome that is
  // found. Errors: none found, it does not answer within 60 s.
  static Result<Browser> Start();
  Browser(Browser&& other) noexcept;
  Browser& operator=(Browser&&) = delete;
  ~Browser();

  // Sends a command to the page and waits for its answer; events that arrive meanwhile are kept.
  // Errors: the browser's own, its death, no answer within 60 s.
  Result<nlohmann::json> Call(const std::string& method, const nlohmann::json& parameters = nlohmann::json::object());

  // The value of a JavaScript expression (awaited if it is a promise). Errors: it throws.
  Result<nlohmann::json> Evaluate(const std::string& expression);

  // Loads a page and waits until its load event has passed. Events of earlier pages are forgotten.
  Status Open(const std::string& url);

  // Events since Open(), oldest first: {"method": ..., "params": ...}.
  const std::vector<nlohmann::json>& events() const { return events_; }

 private:
  Browser() = default;
  Status Launch();
  Status AttachToNewPage();
  Status Load(const std::string& url);
  Status Send(const nlohmann::json& message);
  Result<nlohmann::json> Receive();

  pid_t process_ = -1;
  int to_browser_ = -1, from_browser_ = -1;
  std::string profile_;  // A folder of its own, removed in the end.
  std::string buffer_;   // Bytes received behind the last complete message.
  std::string session_;
  int last_id_ = 0;
  std::vector<nlohmann::json> events_;
};

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_BROWSER_TEST_BROWSER_H_
