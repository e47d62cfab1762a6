#include "lowbit/train/trainer/run_state.h"

#include <nlohmann/json.hpp>

namespace lowbit::train {
namespace {

using Json = nlohmann::json;

Json AveragesJson(const Averages& averages) {
  return {{"loss_sum", averages.loss_sum}, {"score_sum", averages.score_sum}, {"images", averages.images}};
}

// Checkpoints from before there were pictures to sharpen have the second name.
double Number(const Json& json, const char* name, const char* former) {
  return json.at(json.contains(name) ? name : former).get<double>();
}

Averages AveragesFromJson(const Json& json) {
  Averages averages;
  averages.loss_sum = json.at("loss_sum").get<double>();
  averages.score_sum = Number(json, "score_sum", "correct");
  averages.images = json.at("images").get<int64_t>();
  return averages;
}

RunState FromJson(const Json& json) {
  RunState state;
  state.stage = json.at("stage").get<int64_t>();
  state.step = json.at("step").get<int64_t>();
  state.epoch = AveragesFromJson(json.at("epoch"));
  state.logged = AveragesFromJson(json.at("logged"));
  state.best_test_score = Number(json, "best_test_score", "best_test_accuracy");
  state.best_epoch = json.at("best_epoch").get<int64_t>();
  state.last_test_score = Number(json, "last_test_score", "last_test_accuracy");
  state.last_test_loss = json.at("last_test_loss").get<double>();
  state.finished = json.at("finished").get<bool>();
  state.seconds = json.at("seconds").get<double>();
  state.metrics_bytes = json.at("metrics_bytes").get<int64_t>();
  return state;
}

bool InRange(const RunState& state) {
  return state.stage >= 0 && state.step >= 0 && state.epoch.images >= 0 && state.metrics_bytes >= 0;
}

}  // namespace

std::string ToJson(const RunState& state) {
  const Json json = {{"stage", state.stage},
                     {"step", state.step},
                     {"epoch", AveragesJson(state.epoch)},
                     {"logged", AveragesJson(state.logged)},
                     {"best_test_score", state.best_test_score},
                     {"best_epoch", state.best_epoch},
                     {"last_test_score", state.last_test_score},
                     {"last_test_loss", state.last_test_loss},
                     {"finished", state.finished},
                     {"seconds", state.seconds},
                     {"metrics_bytes", state.metrics_bytes}};
  return json.dump();
}

Result<RunState> ParseRunState(const std::string& json) {
  try {
    const RunState state = FromJson(Json::parse(json));
    if (InRange(state)) return state;
  } catch (const Json::exception&) {
  }
  return Invalid("is not the state of a run");
}

}  // namespace lowbit::train
