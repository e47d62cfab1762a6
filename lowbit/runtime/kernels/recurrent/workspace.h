#ifndef LOWBIT_RUNTIME_KERNELS_RECURRENT_WORKSPACE_H_
#define LOWBIT_RUNTIME_KERNELS_RECURRENT_WORKSPACE_H_

#include <cstdint>

namespace lowbit::runtime {

// The states of one direction's sequences: rows of padded units, one for each sequence.
struct DirectionMemory {
  float* h[2] = {};  // Now and next, by turns.
  float *c = nullptr, *z = nullptr, *gated = nullptr, *sums = nullptr;
  uint8_t *bytes[2] = {}, *gated_bytes = nullptr;  // h and gated on the state's grid.
};

// Where they are in a piece of memory.
struct Workspace {
  int64_t sequences = 1, padded_units = 1, most_gates = 1;
  int64_t byte_pitch = 0;  // Of a sequence; 0: no bytes are needed.

  int64_t FloatsOfDirection() const { return sequences * padded_units * (5 + most_gates) + 3 * FloatsOfBytes(); }

  // `memory`: FloatsOfDirection() for each direction.
  DirectionMemory Of(int64_t direction, float* memory) const {
    const int64_t rows = sequences * padded_units;
    float* at = memory + direction * FloatsOfDirection();
    DirectionMemory m;
    for (float** part : {&m.h[0], &m.h[1], &m.c, &m.z, &m.gated}) *part = at, at += rows;
    m.sums = at;
    at += rows * most_gates;
    for (uint8_t** part : {&m.bytes[0], &m.bytes[1], &m.gated_bytes}) {
      *part = reinterpret_cast<uint8_t*>(at);
      at += FloatsOfBytes();
    }
    return m;
  }

 private:
  int64_t FloatsOfBytes() const { return (sequences * byte_pitch + 63) / 64 * 16; }
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_RECURRENT_WORKSPACE_H_
