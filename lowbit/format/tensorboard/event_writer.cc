#include "lowbit/format/tensorboard/event_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "lowbit/base/file.h"

namespace lowbit::tensorboard {
namespace {

constexpr int kMaxFilesPerSecond = 1000;

}  // namespace

Result<EventWriter> EventWriter::Create(const std::string& folder, WallTime wall_time) {
  LOWBIT_RETURN_IF_ERROR(MakeFolders(folder));
  const std::string stem =
      folder + "/events.out.tfevents." + std::to_string(static_cast<int64_t>(wall_time)) + ".lowbit.";
  for (int n = 0; n < kMaxFilesPerSecond; ++n) {
    const std::string path = stem + std::to_string(n);
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) return Failed(path + ": cannot create: " + std::strerror(errno));
    EventWriter writer(fd, path);
    LOWBIT_RETURN_IF_ERROR(writer.Append(VersionEvent(wall_time)));
    return writer;
  }
  return Failed(stem + "*: 1000 such files exist; expected a free name");
}

EventWriter::EventWriter(EventWriter&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

EventWriter& EventWriter::operator=(EventWriter&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

EventWriter::~EventWriter() {
  if (fd_ >= 0) close(fd_);
}

Status EventWriter::AddScalar(const std::string& tag, double value, int64_t step, WallTime wall_time) {
  return Append(ScalarEvent(wall_time, step, tag, static_cast<float>(value)));
}

Status EventWriter::Append(const std::vector<uint8_t>& message) {
  const std::vector<uint8_t> record = Record(message);
  for (size_t done = 0; done < record.size();) {
    const ssize_t written = write(fd_, record.data() + done, record.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed(path_ + ": cannot write: " + std::strerror(errno));
    done += static_cast<size_t>(written);
  }
  return Ok();
}

}  // namespace lowbit::tensorboard
