#ifndef LOWBIT_FORMAT_TENSORBOARD_EVENT_H_
#define LOWBIT_FORMAT_TENSORBOARD_EVENT_H_

// The bytes of TensorBoard's messages and records.
//
// Protocol buffers of tensorflow/core/util/event.proto and framework/summary.proto, as far as scalars need them:
//
//   Event          double wall_time = 1;  int64 step = 2;  string file_version = 3;  Summary summary = 5;
//   Summary        repeated Value value = 1;
//   Summary.Value  string tag = 1;  float simple_value = 2;
//
// Written by hand: these six fields are fewer lines than a schema and its build, and libtorch brings a protobuf of its
// own into the process that trains.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/span.h"

namespace lowbit::tensorboard {

// Seconds since 1970.
using WallTime = double;

// The event that opens every file.
std::vector<uint8_t> VersionEvent(WallTime wall_time);

std::vector<uint8_t> ScalarEvent(WallTime wall_time, int64_t step, const std::string& tag, float value);

// A record of TensorFlow's record file around a message:
//
//   u64 length | u32 masked CRC of the length's 8 bytes | the message | u32 masked CRC of the message
//
// little-endian; masked CRC = CRC-32C rotated right by 15, plus 0xA282EAD8.
std::vector<uint8_t> Record(Span<const uint8_t> message);

}  // namespace lowbit::tensorboard

#endif  // LOWBIT_FORMAT_TENSORBOARD_EVENT_H_
