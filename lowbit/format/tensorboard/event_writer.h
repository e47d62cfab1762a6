#ifndef LOWBIT_FORMAT_TENSORBOARD_EVENT_WRITER_H_
#define LOWBIT_FORMAT_TENSORBOARD_EVENT_WRITER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/format/tensorboard/event.h"

namespace lowbit::tensorboard {

// Writes scalars to an event file that TensorBoard shows.
//
// Every record reaches the operating system before the call returns: a killed program loses none of them, and at most
// the last one is incomplete, where TensorBoard stops reading. A program that resumes therefore opens a new file in the
// same folder, never an old one; TensorBoard shows both as one run. One thread at a time.
//
//   LOWBIT_TRY(EventWriter events, EventWriter::Create("runs/small", now));
//   LOWBIT_RETURN_IF_ERROR(events.AddScalar("loss/train", 0.25, step, now));
class EventWriter {
 public:
  // Makes the folder and in it the new file events.out.tfevents.<seconds>.lowbit.<n>, n the first number that is free.
  // Error: the folder or the file cannot be made.
  static Result<EventWriter> Create(const std::string& folder, WallTime wall_time);

  EventWriter(EventWriter&& other) noexcept;
  EventWriter& operator=(EventWriter&& other) noexcept;
  ~EventWriter();

  // Tags with slashes become groups. The value is stored as a float; NaN and infinities are shown as such.
  // Error: the disk is full.
  Status AddScalar(const std::string& tag, double value, int64_t step, WallTime wall_time);

  const std::string& path() const { return path_; }

 private:
  EventWriter(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  Status Append(const std::vector<uint8_t>& message);

  int fd_;
  std::string path_;
};

}  // namespace lowbit::tensorboard

#endif  // LOWBIT_FORMAT_TENSORBOARD_EVENT_WRITER_H_
