#include "lowbit/runtime/kernels/recurrent/recurrent_step.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "hwy/targets.h"

namespace lowbit::runtime {
namespace {

// Multiplications that one part should hold at least: a step is short, and its parts wait for each other.
constexpr int64_t kPartMacs = 150000;

const char* NameOf(Recurrence::Cell cell) {
  if (cell == Recurrence::Cell::kLstm) return "lstm";
  return cell == Recurrence::Cell::kGru ? "gru" : "rnn";
}

float ClipOf(const Recurrence& r) {
  constexpr float kMost = std::numeric_limits<float>::max();
  return r.clip > 0 ? static_cast<float>(std::min<double>(r.clip, kMost)) : std::numeric_limits<float>::infinity();
}

}  // namespace

RecurrentStep::RecurrentStep(RecurrentNode node)
    : node_(std::move(node)), r_(node_.recurrence), kernel_(ChooseGateKernel()) {
  blocks_ = {r_.hidden, ChooseBlock(kernel_.lanes)};
  for (int64_t d = 0; d < r_.directions; ++d) AddDirection(d);
  const StateProduct& product = *directions_[0].phases[0].product;
  kernel = std::string(NameOf(r_.cell)) + (node_.in_integers ? "_u8_" : "_f32_") + product.WeightValues();
  target = hwy::TargetName(product.Target());
  workspace_.sequences = r_.batch_first ? kMostSequences : std::min(kMostSequences, r_.batch);
  workspace_.padded_units = blocks_.PaddedUnits();
  workspace_.most_gates = r_.gates;
  workspace_.byte_pitch = product.BytePitch();
  scratch_floats = PrivateFloats() + r_.directions * workspace_.FloatsOfDirection();
}

void RecurrentStep::AddDirection(int64_t direction) {
  directions_.emplace_back();
  if (r_.cell == Recurrence::Cell::kRnn) AddPhase(direction, CellPhase::kRnn, 0, 1);
  if (r_.cell == Recurrence::Cell::kLstm) AddPhase(direction, CellPhase::kLstm, 0, 4);
  if (r_.cell == Recurrence::Cell::kGru && r_.linear_before_reset) AddPhase(direction, CellPhase::kGru, 0, 3);
  if (r_.cell == Recurrence::Cell::kGru && !r_.linear_before_reset) {
    AddPhase(direction, CellPhase::kGruReset, 0, 2);
    AddPhase(direction, CellPhase::kGruCandidate, 2, 1);
  }
  if (node_.peepholes.empty()) return;
  std::vector<float>& padded = directions_.back().peepholes;
  padded.assign(static_cast<size_t>(3 * blocks_.PaddedUnits()), 0.0f);
  for (int64_t gate = 0; gate < 3; ++gate) {
    std::copy_n(node_.peepholes.data() + (direction * 3 + gate) * r_.hidden, r_.hidden,
                padded.data() + gate * blocks_.PaddedUnits());
  }
}

void RecurrentStep::AddPhase(int64_t direction, CellPhase name, int64_t first_gate, int64_t gates) {
  Phase phase;
  phase.first_gate = first_gate;
  phase.gates = gates;
  phase.settings.phase = name;
  phase.settings.clip = ClipOf(r_);
  const size_t functions = r_.FunctionsPerDirection();
  std::copy_n(r_.functions.begin() + direction * static_cast<int64_t>(functions), functions, phase.settings.functions);
  StateWeights weights;
  weights.r = node_.r;
  weights.gates = gates;
  weights.first_row = direction * r_.Rows() + first_gate * r_.hidden;
  const auto part = [&](const std::vector<float>& of_rows) {
    const auto first = of_rows.begin() + weights.first_row;
    return std::vector<float>(first, first + gates * r_.hidden);
  };
  weights.scale = part(node_.scale);
  weights.bias = part(node_.bias);
  phase.product =
      node_.in_integers ? MakeByteProduct(weights, blocks_, r_.HiddenSteps()) : MakeFloatProduct(weights, blocks_);
  directions_.back().phases.push_back(std::move(phase));
}

// The products' scratch, or afterwards a block of gates.
int64_t RecurrentStep::PrivateFloats() const {
  int64_t most = kMostGates * blocks_.block;
  for (const Phase& phase : directions_[0].phases) most = std::max(most, phase.product->ScratchFloats());
  return (most + 15) / 16 * 16;
}

void RecurrentStep::Run(const RunContext& context) const {
  // With steps first, the plan is for this batch.
  const int64_t batch = r_.batch_first ? r_.batch * context.batch : r_.batch;
  const float* lengths = node_.lengths.In(context, inputs);
  for (int64_t first = 0; first < batch; first += workspace_.sequences) {
    Piece piece;
    piece.first = first;
    piece.count = std::min(workspace_.sequences, batch - first);
    for (int64_t i = 0; i < piece.count; ++i) {
      const float most = static_cast<float>(r_.steps);
      const float length = lengths == nullptr ? most : lengths[first + i];
      piece.lengths[i] = length > 0 ? static_cast<int64_t>(std::min(length, most)) : 0;
      piece.longest = std::max(piece.longest, piece.lengths[i]);
    }
    RunPiece(context, &piece);
  }
}

void RecurrentStep::RunPiece(const RunContext& context, Piece* piece) const {
  Begin(context, piece);
  for (int64_t step = 0; step < piece->longest; ++step) {
    for (size_t phase = 0; phase < directions_[0].phases.size(); ++phase) RunPhase(context, *piece, step, phase);
  }
  End(context, *piece);
}

// The states in front of the first step. What fills up rows is 0, or the integer 0.
void RecurrentStep::Begin(const RunContext& context, Piece* piece) const {
  const float *h = node_.initial_h.In(context, inputs), *c = node_.initial_c.In(context, inputs);
  float* shared = context.Scratch(0) + PrivateFloats();
  std::fill_n(shared, r_.directions * workspace_.FloatsOfDirection(), 0.0f);
  for (int64_t d = 0; d < r_.directions; ++d) {
    DirectionMemory& memory = piece->memory[d];
    memory = workspace_.Of(d, shared);
    for (uint8_t* bytes : {memory.bytes[0], memory.bytes[1], memory.gated_bytes}) {
      if (node_.in_integers) std::fill_n(bytes, workspace_.sequences * workspace_.byte_pitch, r_.HiddenSteps());
    }
    for (int64_t i = 0; i < piece->count; ++i) {
      const int64_t place = r_.StatePlace(d, piece->first + i), row = i * workspace_.padded_units;
      if (h != nullptr) std::copy_n(h + place, r_.hidden, memory.h[0] + row);
      if (c != nullptr) std::copy_n(c + place, r_.hidden, memory.c + row);
      Quantize(memory.h[0], i, 0, r_.hidden, memory.bytes[0]);
    }
  }
  if (node_.y >= 0) ClearEnds(context, *piece);
}

void RecurrentStep::End(const RunContext& context, const Piece& piece) const {
  const auto store = [&](int output, const float* states, int64_t d) {
    for (int64_t i = 0; output >= 0 && i < piece.count; ++i) {
      float* to = context.Value(outputs[static_cast<size_t>(output)]) + r_.StatePlace(d, piece.first + i);
      std::copy_n(states + i * workspace_.padded_units, r_.hidden, to);
    }
  };
  for (int64_t d = 0; d < r_.directions; ++d) {
    store(node_.y_h, piece.memory[d].h[piece.longest % 2], d);
    store(node_.y_c, piece.memory[d].c, d);
  }
}

RecurrentStep::Cut RecurrentStep::CutStep(int64_t sequences, int64_t threads) const {
  const int64_t blocks = blocks_.Count();
  const int64_t macs = r_.directions * sequences * r_.Rows() * r_.hidden;
  const int64_t wanted = std::min(2 * threads, macs / kPartMacs + 1);
  if (threads == 1 || wanted <= r_.directions) return {sequences, blocks};
  const int64_t of_blocks = std::min(blocks, (wanted + r_.directions - 1) / r_.directions);
  const int64_t of_sequences = std::min(sequences, std::max<int64_t>(1, wanted / (of_blocks * r_.directions)));
  return {(sequences + of_sequences - 1) / of_sequences, (blocks + of_blocks - 1) / of_blocks};
}

void RecurrentStep::RunPhase(const RunContext& context, const Piece& piece, int64_t step, size_t phase) const {
  const Cut cut = CutStep(piece.count, context.pool->threads());
  const int64_t by_blocks = (blocks_.Count() + cut.blocks - 1) / cut.blocks;
  const int64_t by_sequences = (piece.count + cut.sequences - 1) / cut.sequences;
  context.pool->ParallelFor(r_.directions * by_sequences * by_blocks, [&](int64_t i, int thread) {
    Part part;
    part.direction = i / (by_sequences * by_blocks);
    part.first_sequence = i / by_blocks % by_sequences * cut.sequences;
    part.sequences = std::min(cut.sequences, piece.count - part.first_sequence);
    part.first_block = i % by_blocks * cut.blocks;
    part.blocks = std::min(cut.blocks, blocks_.Count() - part.first_block);
    RunPart(context, piece, step, phase, part, context.Scratch(thread));
  });
}

void RecurrentStep::RunPart(const RunContext& context, const Piece& piece, int64_t step, size_t index, const Part& part,
                            float* scratch) const {
  const Phase& phase = directions_[static_cast<size_t>(part.direction)].phases[index];
  const DirectionMemory& memory = piece.memory[part.direction];
  const bool reads_gated = phase.settings.phase == CellPhase::kGruCandidate;
  StateTask task;
  task.floats = reads_gated ? memory.gated : memory.h[step % 2];
  task.bytes = reads_gated ? memory.gated_bytes : memory.bytes[step % 2];
  task.first_state = part.first_sequence;
  task.states = part.sequences;
  task.first_block = part.first_block;
  task.blocks = part.blocks;
  task.sums = memory.sums;
  task.scratch = scratch;
  phase.product->Run(task);
  for (int64_t i = part.first_sequence; i < part.first_sequence + part.sequences; ++i) {
    for (int64_t b = part.first_block; b < part.first_block + part.blocks; ++b) {
      if (step < piece.lengths[i]) {
        RunUnits(context, piece, step, phase, part.direction, i, b, scratch);
      } else {
        KeepUnits(memory, step, i, b);
      }
    }
  }
}

// The units of a block after a product.
void RecurrentStep::RunUnits(const RunContext& context, const Piece& piece, int64_t step, const Phase& phase,
                             int64_t direction, int64_t sequence, int64_t block, float* scratch) const {
  const DirectionMemory& memory = piece.memory[direction];
  const int64_t first = block * blocks_.block, count = std::min(blocks_.block, r_.hidden - first);
  const int64_t row = sequence * workspace_.padded_units + first, n = piece.first + sequence;
  const int64_t t = r_.IsBackward(direction) ? piece.lengths[sequence] - 1 - step : step;
  const float* gates = node_.gates.In(context, inputs) + r_.Place(t, n, r_.directions * r_.Rows()) +
                       direction * r_.Rows() + phase.first_gate * r_.hidden + first;
  GateTask task;
  task.count = blocks_.block;
  for (int64_t g = 0; g < phase.gates; ++g) {
    task.x[g] = gates + g * r_.hidden;
    if (count < blocks_.block) {
      float* whole = scratch + g * blocks_.block;
      std::fill(std::copy_n(task.x[g], count, whole), whole + blocks_.block, 0.0f);
      task.x[g] = whole;
    }
    task.s[g] = memory.sums + (sequence * blocks_.Count() + block) * phase.gates * blocks_.block + g * blocks_.block;
  }
  const std::vector<float>& peepholes = directions_[static_cast<size_t>(direction)].peepholes;
  for (int64_t g = 0; g < 3 && !peepholes.empty(); ++g) {
    task.peepholes[g] = peepholes.data() + g * blocks_.PaddedUnits() + first;
  }
  task.h = memory.h[step % 2] + row;
  task.next_h = memory.h[(step + 1) % 2] + row;
  task.c = memory.c + row;
  task.z = memory.z + row;
  task.gated = memory.gated + row;
  kernel_.run(phase.settings, task);
  if (phase.settings.phase == CellPhase::kGruReset) {
    return Quantize(memory.gated, sequence, first, count, memory.gated_bytes);
  }
  Quantize(memory.h[(step + 1) % 2], sequence, first, count, memory.bytes[(step + 1) % 2]);
  StoreY(context, t, direction, n, first, count, task.next_h);
}

// Of a sequence that has ended.
void RecurrentStep::KeepUnits(const DirectionMemory& memory, int64_t step, int64_t sequence, int64_t block) const {
  const int64_t row = sequence * workspace_.padded_units + block * blocks_.block;
  std::copy_n(memory.h[step % 2] + row, blocks_.block, memory.h[(step + 1) % 2] + row);
}

// Units [first, first + count) of the sequence, from rows of floats to rows of bytes.
void RecurrentStep::Quantize(const float* units, int64_t sequence, int64_t first, int64_t count, uint8_t* bytes) const {
  if (!node_.in_integers) return;
  kernel_.quantize(static_cast<float>(1 / r_.hidden_scale), r_.HiddenSteps(), count,
                   units + sequence * workspace_.padded_units + first,
                   bytes + sequence * workspace_.byte_pitch + first);
}

// Y has four dimensions, of which the second is stored last: directions, or steps where the batch comes first.
void RecurrentStep::StoreY(const RunContext& context, int64_t t, int64_t direction, int64_t n, int64_t first_unit,
                           int64_t count, const float* h) const {
  if (node_.y < 0) return;
  float* to = context.Value(outputs[static_cast<size_t>(node_.y)]);
  const int64_t step = r_.batch_first ? r_.steps : r_.directions;
  if (r_.batch_first) {
    to += ((n * r_.directions + direction) * r_.hidden + first_unit) * step + t;
  } else {
    to += ((t * r_.batch + n) * r_.hidden + first_unit) * step + direction;
  }
  for (int64_t i = 0; i < count; ++i) to[i * step] = h == nullptr ? 0 : h[i];
}

// Zeros behind the ends of sequences.
void RecurrentStep::ClearEnds(const RunContext& context, const Piece& piece) const {
  for (int64_t i = 0; i < piece.count; ++i) {
    for (int64_t t = piece.lengths[i]; t < r_.steps; ++t) {
      for (int64_t d = 0; d < r_.directions; ++d) {
        StoreY(context, t, d, piece.first + i, 0, r_.hidden, nullptr);
      }
    }
  }
}

}  // namespace lowbit::runtime
