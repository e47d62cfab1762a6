#include "lowbit/train/trainer/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace lowbit::train {
namespace {

constexpr int kBarWidth = 24;
constexpr double kSecondsBetweenDraws = 0.1;

std::string Bar(double share) {
  std::string bar(kBarWidth + 2, ' ');
  bar.front() = '[';
  bar.back() = ']';
  std::fill_n(bar.begin() + 1, std::lround(share * kBarWidth), '=');
  return bar;
}

}  // namespace

std::string ClockText(double seconds) {
  const int64_t whole = std::max<int64_t>(0, std::llround(seconds));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

Progress::Progress(std::string name, int64_t total_steps, int64_t done_steps, bool quiet)
    : name_(std::move(name)),
      total_(total_steps),
      first_(done_steps),
      terminal_(isatty(STDERR_FILENO) == 1),
      quiet_(quiet) {}

void Progress::Step(int64_t steps_done, const std::string& phase, const std::string& state, double images_per_second) {
  const double now = Seconds();
  if (quiet_ || !terminal_ || now < next_draw_) return;
  next_draw_ = now + kSecondsBetweenDraws;
  const int64_t done = std::max<int64_t>(1, steps_done - first_);
  const double left = now / static_cast<double>(done) * static_cast<double>(total_ - steps_done);
  const double share = static_cast<double>(steps_done) / static_cast<double>(std::max<int64_t>(1, total_));
  std::fprintf(stderr, "\r\033[K%s %s %s %3.0f %%  %s  %.0f img/s  ETA %s", name_.c_str(), phase.c_str(),
               Bar(share).c_str(), 100 * share, state.c_str(), images_per_second, ClockText(left).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::Line(const std::string& text) {
  if (quiet_) return;
  Erase();
  std::fprintf(stderr, "%s  %s\n", name_.c_str(), text.c_str());
}

void Progress::Erase() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
  drawn_ = false;
}

}  // namespace lowbit::train
