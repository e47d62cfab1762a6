#ifndef HARDWARE_TESTS_HOST_H_
#define HARDWARE_TESTS_HOST_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "hardware/tests/ports.h"
#include "lowbit/accelerator/descriptor.h"
#include "lowbit/accelerator/program.h"

namespace lowbit::hardware {

// What the hardware did with a program.
struct Outcome {
  std::vector<uint8_t> activations;  // The memory afterwards, as in accelerator::Execute.
  std::vector<int32_t> sums;         // Of the raw layers.
  int64_t cycles = 0;                // Busy.
};

class Host {
 public:
  virtual ~Host() = default;
  // Writes the memories, runs all layers, and reads the activations.
  virtual Outcome Run(const accelerator::Program& program, const std::vector<uint8_t>& activations) = 0;
};

// Drives a verilated lowbit_accelerator.
template <typename Model>
class HostOf : public Host {
 public:
  HostOf() {
    model_.reset = 1;
    for (int i = 0; i < 16; ++i) Tick();
    model_.reset = 0;
  }
  ~HostOf() override { model_.final(); }

  Outcome Run(const accelerator::Program& program, const std::vector<uint8_t>& activations) override {
    array_ = program.array;
    lanes_ = static_cast<size_t>(array_.lanes);
    WriteWeights(program);
    WriteThresholds(program);
    WriteDescriptors(program);
    const size_t words = static_cast<size_t>(program.activation_words);
    for (size_t word = 0; word < words; ++word) WriteActivations(word, activations);
    Outcome outcome;
    RunLayers(program.layers.size(), &outcome);
    for (size_t word = 0; word < words; ++word) ReadActivations(word, &outcome.activations);
    return outcome;
  }

 private:
  void Tick() {
    model_.clock = 0;
    model_.eval();
    model_.clock = 1;
    model_.eval();
  }

  void WriteWeights(const accelerator::Program& program) {
    const int bits = array_.weight.bits();
    const size_t codes = lanes_ * lanes_;
    model_.weight_write = 1;
    for (size_t word = 0; word * codes < program.weights.size(); ++word) {
      model_.weight_address = static_cast<uint32_t>(word);
      for (size_t i = 0; i < codes; ++i) {
        SetField(model_.weight_data, i * static_cast<size_t>(bits), bits, program.weights[word * codes + i]);
      }
      Tick();
    }
    model_.weight_write = 0;
  }

  void WriteThresholds(const accelerator::Program& program) {
    for (size_t i = 0; i < program.thresholds.size(); ++i) {
      model_.threshold_write = 0;
      SetField(model_.threshold_write, i % lanes_, 1, 1);
      model_.threshold_address = static_cast<uint32_t>(i / lanes_);
      SetField(model_.threshold_data, 0, array_.sum_bits, static_cast<uint32_t>(program.thresholds[i]));
      Tick();
    }
    model_.threshold_write = 0;
  }

  void WriteDescriptors(const accelerator::Program& program) {
    model_.descriptor_write = 1;
    for (size_t layer = 0; layer < program.layers.size(); ++layer) {
      const auto fields = accelerator::Descriptor(array_, program.layers[layer]);
      for (size_t field = 0; field < fields.size(); ++field) {
        model_.descriptor_layer = static_cast<uint8_t>(layer);
        model_.descriptor_field = static_cast<uint8_t>(field);
        model_.descriptor_data = fields[field];
        Tick();
      }
    }
    model_.descriptor_write = 0;
  }

  void WriteActivations(size_t word, const std::vector<uint8_t>& activations) {
    const int bits = array_.activation.bits();
    model_.activation_write = 1;
    model_.activation_address = static_cast<uint32_t>(word);
    for (size_t l = 0; l < lanes_; ++l) {
      SetField(model_.activation_data, l * static_cast<size_t>(bits), bits, activations[word * lanes_ + l]);
    }
    Tick();
    model_.activation_write = 0;
  }

  void RunLayers(size_t layers, Outcome* outcome) {
    constexpr int64_t kTooMany = 10'000'000;
    model_.layers = static_cast<uint8_t>(layers);
    model_.start = 1;
    Tick();
    model_.start = 0;
    while (model_.busy != 0 && outcome->cycles < kTooMany) {
      ++outcome->cycles;
      for (size_t m = 0; model_.raw_valid != 0 && m < lanes_; ++m) {
        const uint64_t sum = Field(model_.raw_sums, m * static_cast<size_t>(array_.sum_bits), array_.sum_bits);
        const int unused = 64 - array_.sum_bits;
        outcome->sums.push_back(static_cast<int32_t>(static_cast<int64_t>(sum << unused) >> unused));
      }
      Tick();
    }
  }

  void ReadActivations(size_t word, std::vector<uint8_t>* activations) {
    const int bits = array_.activation.bits();
    model_.activation_address = static_cast<uint32_t>(word);
    Tick();
    for (size_t l = 0; l < lanes_; ++l) {
      const uint64_t code = Field(model_.activation_word, l * static_cast<size_t>(bits), bits);
      activations->push_back(static_cast<uint8_t>(code));
    }
  }

  Model model_;
  accelerator::Array array_;
  size_t lanes_ = 0;
};

}  // namespace lowbit::hardware

#endif  // HARDWARE_TESTS_HOST_H_
