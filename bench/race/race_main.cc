// lowbit's side of the race against ONNX Runtime; bench/race/race.py drives both.
//
//   lowbit_bench_race                        prints what one thread of this processor can do at most, as JSON
//   lowbit_bench_race --serve SPEC --folder DIR [--clock bytes|nhwc|floats]
//
// The latter makes the contest (contest.h; SPEC is JSON), checks the runtime's answer against the plain evaluation of the
// graph's integer form, bit for bit, hands the contest over to DIR (hand_over.h), prints one line of JSON about itself and
// then answers each line N of its input with the median of N runs in microseconds, after one run that is not counted.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/race/contest.h"
#include "bench/race/entrant.h"
#include "bench/race/hand_over.h"
#include "bench/race/limits.h"
#include "bench/race/stopwatch.h"
#include "lowbit/base/version.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_form.h"

namespace lowbit::bench {
namespace {

struct Arguments {
  std::string spec, folder, clock = "floats";
};

// Layers are compared as a whole; of a network's batch the first image, for time's sake.
Status Check(const Contest& contest, bool whole, const std::vector<float>& output) {
  Shape shape = contest.graph.inputs[0].shape;
  shape[0] = whole ? contest.batch : 1;
  const auto end = contest.input.begin() + Elements(shape);
  const DoubleTensor input(shape, {contest.input.begin(), end});
  const bool exact = QuantizesActivations(contest.graph);
  LOWBIT_TRY(const Graph integers, ToIntegerForm(contest.graph));
  LOWBIT_TRY(const auto values, Evaluate(exact ? integers : contest.graph, {{contest.graph.inputs[0].name, input}},
                                         exact ? Rounding::kFloat : Rounding::kNone));
  const std::vector<double>& expected = values.at(contest.graph.outputs[0]).data;
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  const double allowed = exact ? 0 : 1e-4 * largest;
  const auto near = [allowed](double a, float b) { return std::abs(a - static_cast<double>(b)) <= allowed; };
  const bool equal =
      expected.size() <= output.size() && std::equal(expected.begin(), expected.end(), output.begin(), near);
  return equal ? Ok() : Failed("the runtime's answer is not that of the plain evaluation");
}

double MedianMicroseconds(Entrant* entrant, int runs) {
  std::vector<double> times(static_cast<size_t>(std::max(1, runs)));
  entrant->Run();
  for (double& time : times) time = 1e6 * SecondsOf([&] { entrant->Run(); });
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

Result<std::unique_ptr<Entrant>> MakeEntrant(const Contest& contest, const std::string& clock) {
  if (clock == "floats") return MakeModelEntrant(contest);
  return MakePlanEntrant(contest, clock == "nhwc" ? PlanPart::kAll : PlanPart::kMiddle);
}

// What the rival's answer is compared with: that of the runtime, where the rival runs other grids on the same ones.
Result<std::vector<float>> ExpectedOfRival(const Contest& contest, const std::vector<float>& output) {
  if (contest.same_grids) return output;
  Contest other;
  other.graph = contest.rival;
  other.batch = contest.batch;
  other.input = contest.input;
  LOWBIT_TRY(const auto entrant, MakeModelEntrant(other));
  entrant->Run();
  return entrant->Output();
}

Status Serve(const Arguments& arguments) {
  const nlohmann::json spec = nlohmann::json::parse(arguments.spec);
  LOWBIT_TRY(const Contest contest, MakeContest(spec));
  LOWBIT_TRY(const auto entrant, MakeEntrant(contest, arguments.clock));
  entrant->Run();
  const std::vector<float> output = entrant->Output();
  LOWBIT_RETURN_IF_ERROR(Check(contest, spec.at("kind") != "network", output));
  LOWBIT_TRY(const std::vector<float> expected, ExpectedOfRival(contest, output));
  LOWBIT_RETURN_IF_ERROR(HandOver(contest, expected, arguments.folder));
  const nlohmann::json about = {{"macs", contest.macs}, {"kernels", entrant->Kernels()}, {"commit", Commit()}};
  fmt::print("{}\n", about.dump());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    fmt::print("{}\n", MedianMicroseconds(entrant.get(), std::stoi(line)));
    std::fflush(stdout);
  }
  return Ok();
}

void PrintLimits() {
  nlohmann::ordered_json limits;
  for (const Limit& limit : MeasureLimits()) limits[limit.name] = limit.rate;
  fmt::print("{}\n", limits.dump());
}

// Bad arguments end like any other error of usage.
Status ServeChecked(const Arguments& arguments) {
  try {
    return Serve(arguments);
  } catch (const std::exception& error) {
    return Invalid(std::string("--serve, or a line of the input: ") + error.what());
  }
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("lowbit's side of the race against ONNX Runtime.");
  auto* folder = app.add_option("--folder", arguments.folder, "where the contest is written to");
  app.add_option("--serve", arguments.spec, "the contest, as JSON")->needs(folder);
  app.add_option("--clock", arguments.clock, "what the clock sees")->check(CLI::IsMember({"bytes", "nhwc", "floats"}));
  CLI11_PARSE(app, argc, argv);
  if (arguments.spec.empty()) {
    PrintLimits();
    return 0;
  }
  const Status status = ServeChecked(arguments);
  if (status.ok()) return 0;
  fmt::print(stderr, "{}\n", status.error().message);
  return status.error().kind == ErrorKind::kInvalid ? 2 : 1;
}

}  // namespace
}  // namespace lowbit::bench

int main(int argc, char** argv) { return lowbit::bench::Main(argc, argv); }
