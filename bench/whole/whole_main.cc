// Whole networks with random low-bit weights, as files: their size, how long it takes to the first result, and what a second
// thread brings. Prints one line of JSON for each network, or for those alone whose name contains the argument.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/race/contest.h"
#include "bench/race/limits.h"
#include "bench/race/stopwatch.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/base/version.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/runtime/model.h"

namespace lowbit::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kRounds = 15;

struct Network {
  const char* name;
  const char* spec;
};

constexpr Network kNetworks[] = {
    {"ResNet-20 ternary batch 1", R"({"network": "resnet_cifar", "weights": "ternary", "size": 32})"},
    {"ResNet-20 ternary batch 64", R"({"network": "resnet_cifar", "weights": "ternary", "size": 32, "batch": 64})"},
    {"VGG-9 ternary batch 1", R"({"network": "vgg9", "weights": "ternary", "size": 32})"},
    {"VGG-9 ternary batch 64", R"({"network": "vgg9", "weights": "ternary", "size": 32, "batch": 64})"},
    {"ResNet-18 ternary", R"({"network": "resnet", "depth": 18, "weights": "ternary", "size": 224})"},
    {"ResNet-18 binary x signs",
     R"({"network": "resnet", "depth": 18, "weights": "binary", "size": 224, "activations": "signs"})"},
    {"MobileNetV2 affine4", R"({"network": "mobilenet_v2", "weights": "affine4", "size": 224})"},
};

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// What a second thread brings: (time of two pieces of work by one thread) / (by two).
//   warm  each is timed when it has just been done, so that its threads are awake and its memory is in the caches; else
//         after the other, which is longer than threads look out for work
template <typename One, typename Two>
double SpeedUp(bool warm, const One& one, const Two& two) {
  const auto seconds_of = [warm](const auto& work) {
    if (warm) work();
    return SecondsOf(work);
  };
  const double alone = seconds_of(one);
  return alone / seconds_of(two);
}

struct SpeedUps {
  double warm, after_a_pause, loop, share;  // Medians; share: of (warm / loop).
};

// In each round the loop in registers as well: virtual processors may share a core now and have two a moment later.
template <typename One, typename Two>
SpeedUps MeasureSpeedUps(const One& one, const Two& two) {
  ThreadPool pool(2);
  const auto work = [](int64_t, int) { RegisterLoop(); };
  std::vector<double> warm, after_a_pause, loop, share;
  for (int round = -1; round < kRounds; ++round) {
    const double pause = SpeedUp(false, one, two), network = SpeedUp(true, one, two);
    const double limit = SpeedUp(
        true, [&] { work(0, 0), work(1, 0); }, [&] { pool.ParallelFor(2, work); });
    if (round < 0) continue;
    warm.push_back(network);
    after_a_pause.push_back(pause);
    loop.push_back(limit);
    share.push_back(network / limit);
  }
  return {Median(warm), Median(after_a_pause), Median(loop), Median(share)};
}

struct Sizes {
  int64_t file = 0, other = 0;      // Bytes; other: of no parameter.
  double bits_per_body_weight = 0;  // Of low-bit weights but the first and last layer's, without scales.
};

Result<Sizes> SizesOf(const std::string& path, const Graph& graph) {
  LOWBIT_TRY(const lbm::File file, lbm::Open(path));
  std::vector<std::string> products;
  for (const Node& node : graph.nodes) {
    if (node.op == "Conv" || node.op == "Gemm") products.push_back(node.inputs[1]);
  }
  int64_t bytes = 0, weights = 0;
  for (const lbm::StoredParameter& stored : file.Layout()) {
    const auto found = std::find(products.begin(), products.end(), stored.name);
    if (found == products.end() || found == products.begin() || found + 1 == products.end()) continue;
    const auto& tensor = std::get<QTensor>(graph.parameters.at(stored.name).value);
    bytes += static_cast<int64_t>(stored.bytes) - 4 * static_cast<int64_t>(tensor.scales.size());
    weights += Elements(tensor.shape);
  }
  return Sizes{static_cast<int64_t>(file.TotalBytes()), static_cast<int64_t>(file.OverheadBytes()),
               8.0 * static_cast<double>(bytes) / static_cast<double>(weights)};
}

Result<double> MillisecondsToFirstResult(const std::string& path, const Contest& contest, std::vector<float>* output) {
  Status status = Ok();
  const double seconds = SecondsOf([&] {
    Result<runtime::Model> model = runtime::Model::Load(path);
    status = model.ok() ? model.value().Run(contest.input, contest.batch, *output) : Status(model.error());
  });
  if (!status.ok()) return status.error();
  return 1e3 * seconds;
}

Result<Json> Measure(const Network& network, const std::string& path) {
  nlohmann::json spec = nlohmann::json::parse(network.spec);
  spec["kind"] = "network";
  LOWBIT_TRY(const Contest contest, MakeContest(spec));
  LOWBIT_RETURN_IF_ERROR(lbm::Write(contest.graph, path));
  LOWBIT_TRY(runtime::Model one, runtime::Model::Load(path));
  LOWBIT_TRY(runtime::Model two, runtime::Model::Load(path, {.threads = 2}));
  LOWBIT_TRY(const int64_t elements, one.OutputElements(0, contest.batch));
  std::vector<float> output(static_cast<size_t>(elements)), same = output;
  std::vector<double> loads;
  for (int round = 0; round < kRounds; ++round) {
    LOWBIT_TRY(const double milliseconds, MillisecondsToFirstResult(path, contest, &output));
    loads.push_back(milliseconds);
  }
  const auto run = [&](runtime::Model* model, std::vector<float>* to) {
    LOWBIT_CHECK(model->Run(contest.input, contest.batch, *to).ok());
  };
  const auto by_one = [&] { run(&one, &output); };
  const auto by_two = [&] { run(&two, &same); };
  const SpeedUps speed_ups = MeasureSpeedUps(by_one, by_two);
  if (output != same) return Failed("two threads give other answers than one");
  LOWBIT_TRY(const Sizes sizes, SizesOf(path, contest.graph));
  std::vector<double> times;
  times.reserve(kRounds);
  for (int round = 0; round < kRounds; ++round) times.push_back(1e3 * SecondsOf([&] { run(&one, &output); }));
  return Json{{"network", network.name},
              {"file_bytes", sizes.file},
              {"bytes_of_no_parameter", sizes.other},
              {"bits_per_body_weight", sizes.bits_per_body_weight},
              {"planned_bytes", one.PlannedBytes()},
              {"ms_to_first_result", Median(loads)},
              {"ms", Median(times)},
              {"speed_up_by_second_thread", speed_ups.warm},
              {"speed_up_after_a_pause", speed_ups.after_a_pause},
              {"speed_up_of_register_loop", speed_ups.loop},
              {"share", speed_ups.share},
              {"commit", Commit()}};
}

int Main(const std::string& wanted) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("lowbit_bench_" + std::to_string(getpid()) + ".lbm");
  int failures = 0;
  for (const Network& network : kNetworks) {
    if (std::string(network.name).find(wanted) == std::string::npos) continue;
    const Result<Json> measured = Measure(network, path.string());
    if (measured.ok()) {
      fmt::print("{}\n", measured.value().dump());
    } else {
      fmt::print(stderr, "{}: {}\n", network.name, measured.error().message);
      ++failures;
    }
    std::fflush(stdout);
  }
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lowbit::bench

int main(int argc, char** argv) { return lowbit::bench::Main(argc > 1 ? argv[1] : ""); }
