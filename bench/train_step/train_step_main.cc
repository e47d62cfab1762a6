// What a training step with low-bit weights costs more than one with float weights, on one machine in one process:
// steps of both alternate, and the ratio is that of neighbours. Prints a table; asserts nothing.
//
//   lowbit_bench_train_step [--network NAME] [--batch N] [--way NAME...] [--base NAME] [--pairs N]
//                           [--threads N] [--device NAME] [--tensor-operations] [--channels-last] [--cpu-time] [--json FILE]
//   lowbit_bench_train_step --serve WAY [--network NAME] [--batch N] ...
//
// The latter prints how many values it trains, and then answers each line of its input: to `step` with the milliseconds
// of one step, to `memory` with the peak memory of the process in MiB.

#include <fmt/format.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <torch/version.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/train_step/trainee.h"
#include "lowbit/base/version.h"
#include "lowbit/train/keep_memory.h"
#include "lowbit/train/kernel_passes.h"

namespace lowbit::bench {
namespace {

struct Arguments {
  std::vector<std::string> networks = {"resnet20", "vgg9"};
  std::vector<int64_t> batches = {64, 128};
  std::vector<std::string> ways;
  std::string base = "float", device = "cpu", serve, json;
  int pairs = 30, threads = 2;
  bool channels_last = false, cpu_time = false, tensor_operations = false;

  Setting At(const std::string& network, int64_t batch) const {
    return {network, batch, device, channels_last, cpu_time};
  }
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// The peak of this process in MiB (VmHWM), 0 where the system does not say.
double PeakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

// The same of a process that does nothing but some such steps. 0 for a GPU, whose memory is not the process's.
double PeakMemoryOf(const std::string& program, const Arguments& arguments, const Setting& setting, const Way& way) {
  if (setting.device != "cpu") return 0;
  const std::string command =
      fmt::format("echo memory | '{}' --serve {} --network {} --batch {} --threads {} --device {}{}", program, way.name,
                  setting.network, setting.batch, arguments.threads, setting.device,
                  setting.channels_last ? " --channels-last" : "");
  FILE* pipe = popen(command.c_str(), "r");
  double mebibytes = 0;
  if (pipe == nullptr || std::fscanf(pipe, "%*d %lf", &mebibytes) != 1) mebibytes = 0;
  if (pipe != nullptr) pclose(pipe);
  return mebibytes;
}

struct Comparison {
  double base_ms = 0, ms = 0;           // Medians.
  double ratio = 0, low = 0, high = 0;  // Of the pairs: the median and the quartiles.
};

Comparison Compare(const Setting& setting, const Way& base, const Way& way, int pairs) {
  Trainee a(setting, base), b(setting, way);
  for (int warm_up = 0; warm_up < 3; ++warm_up) a.Step(), b.Step();
  std::vector<double> base_times, times, ratios;
  for (int pair = 0; pair < pairs; ++pair) {
    // Who begins alternates, so that neither profits from its place.
    double first = pair % 2 == 0 ? a.Step() : b.Step(), second = pair % 2 == 0 ? b.Step() : a.Step();
    if (pair % 2 == 1) std::swap(first, second);
    base_times.push_back(1e3 * first);
    times.push_back(1e3 * second);
    ratios.push_back(second / first);
  }
  std::sort(ratios.begin(), ratios.end());
  return {Median(base_times), Median(times), Median(ratios), ratios[ratios.size() / 4], ratios[ratios.size() * 3 / 4]};
}

const Way& FindWay(const std::string& name) {
  for (const Way& way : Ways()) {
    if (way.name == name) return way;
  }
  throw std::invalid_argument("no way of training is called '" + name + "'");
}

std::vector<Way> Chosen(const Arguments& arguments) {
  if (arguments.ways.empty()) return Ways();
  std::vector<Way> ways;
  for (const std::string& name : arguments.ways) ways.push_back(FindWay(name));
  return ways;
}

void CompareAll(const Arguments& arguments, const std::string& program, nlohmann::ordered_json* results) {
  for (const std::string& network : arguments.networks) {
    for (const int64_t batch : arguments.batches) {
      const Setting setting = arguments.At(network, batch);
      for (const Way& way : Chosen(arguments)) {
        const Comparison c = Compare(setting, FindWay(arguments.base), way, arguments.pairs);
        const double memory = PeakMemoryOf(program, arguments, setting, way);
        fmt::print("{:<9} {:>5}  {:<15} {:>8.1f} {:>8.1f} {:>7.3f} {:>7.3f} {:>7.3f} {:>9.0f}\n", network, batch,
                   way.name, c.base_ms, c.ms, c.ratio, c.low, c.high, memory);
        std::fflush(stdout);
        results->push_back({{"network", network},
                            {"batch", batch},
                            {"way", way.name},
                            {"float_ms", c.base_ms},
                            {"ms", c.ms},
                            {"ratio", c.ratio},
                            {"ratio_quartiles", {c.low, c.high}},
                            {"peak_mib", memory},
                            {"pairs", arguments.pairs}});
      }
    }
  }
}

int Serve(const Arguments& arguments) {
  Trainee trainee(arguments.At(arguments.networks.front(), arguments.batches.front()), FindWay(arguments.serve));
  for (int warm_up = 0; warm_up < 3; ++warm_up) trainee.Step();
  fmt::print("{}\n", trainee.Values());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    fmt::print("{}\n", line == "memory" ? PeakMemory() : 1e3 * trainee.Step());
    std::fflush(stdout);
  }
  return 0;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Cost of a training step with low-bit weights.");
  app.add_option("--network", arguments.networks, "resnet20, vgg9");
  app.add_option("--batch", arguments.batches, "images in a step");
  app.add_option("--way", arguments.ways, "ways of training; all by default");
  app.add_option("--base", arguments.base, "the way that they are compared with");
  app.add_option("--pairs", arguments.pairs, "pairs of steps")->check(CLI::Range(1, 10000));
  app.add_option("--threads", arguments.threads, "threads")->check(CLI::Range(1, 1024));
  app.add_option("--device", arguments.device, "cpu or cuda");
  app.add_flag("--tensor-operations", arguments.tensor_operations, "on a GPU, none of the build's own kernels");
  app.add_flag("--channels-last", arguments.channels_last, "activations in channels-last order");
  app.add_flag("--cpu-time", arguments.cpu_time, "measure the processor's time in all threads, not the clock's");
  app.add_option("--json", arguments.json, "write the results to this file");
  app.add_option("--serve", arguments.serve, "this way of training: steps on request");
  CLI11_PARSE(app, argc, argv);
  torch::set_num_threads(arguments.threads);
  train::KeepFreedMemory();  // As in `lowbit train`.
  if (arguments.tensor_operations) train::SetKernelPasses(nullptr);
  if (!arguments.serve.empty()) return Serve(arguments);
  fmt::print("libtorch {}, {}, {} threads, {}, {} time\n", TORCH_VERSION, arguments.device, arguments.threads,
             arguments.channels_last ? "channels-last" : "contiguous", arguments.cpu_time ? "CPU" : "wall");
  fmt::print("network   batch  way             float ms       ms   ratio     25%     75%  peak MiB\n");
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  CompareAll(arguments, argv[0], &results);
  if (arguments.json.empty()) return 0;
  const nlohmann::ordered_json all = {{"commit", Commit()},
                                      {"libtorch", TORCH_VERSION},
                                      {"device", arguments.device},
                                      {"threads", arguments.threads},
                                      {"channels_last", arguments.channels_last},
                                      {"clock", arguments.cpu_time ? "cpu" : "wall"},
                                      {"results", results}};
  std::ofstream(arguments.json) << all.dump(2) << "\n";
  return 0;
}

}  // namespace
}  // namespace lowbit::bench

int main(int argc, char** argv) { return lowbit::bench::Main(argc, argv); }
