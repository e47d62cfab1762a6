#include "lowbit/report/sweep.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/base/file.h"
#include "lowbit/base/version.h"
#include "lowbit/report/json_fields.h"

namespace lowbit::report {
namespace {

using Json = nlohmann::ordered_json;

std::string IndexPath(const std::string& folder) { return folder + "/sweep.json"; }

std::string StateName(SweepRun::State state) {
  switch (state) {
    case SweepRun::State::kWaiting:
      return "waiting";
    case SweepRun::State::kUnfinished:
      return "unfinished";
    case SweepRun::State::kFinished:
      return "finished";
  }
  return "";
}

Json RunJson(const SweepRun& run) {
  Json json = {{"name", run.name}, {"group", run.group}, {"seed", run.seed}, {"state", StateName(run.state)}};
  if (!run.error.empty()) json["error"] = run.error;
  if (run.state != SweepRun::State::kFinished) return json;
  const FinalLine& last = *run.final;
  json["test_" + last.measure] = last.test_score;
  json["best_test_" + last.measure] = last.best_test_score;
  json["seconds"] = run.final->seconds;
  return json;
}

Json GroupJson(const SweepGroup& group) {
  Json json = {
      {"name", group.name}, {"runs", group.runs.size()}, {"finished", group.seeds.size()}, {"seeds", group.seeds}};
  if (group.seeds.empty()) return json;
  Json score = {{"mean", group.score.mean}};
  if (group.score.deviation.has_value()) score["deviation"] = *group.score.deviation;
  score["worst"] = group.score.least;
  score["best"] = group.score.most;
  json["test_" + group.measure] = score;
  json["seconds"] = group.seconds.mean;
  return json;
}

Json SweepJson(const Sweep& sweep) {
  Json runs = Json::array(), groups = Json::array();
  for (const SweepRun& run : sweep.runs) runs.push_back(RunJson(run));
  for (const SweepGroup& group : Groups(sweep)) groups.push_back(GroupJson(group));
  return {{"lowbit", Version()},      {"commit", Commit()}, {"name", sweep.name},
          {"threads", sweep.threads}, {"groups", groups},   {"runs", runs}};
}

std::string Dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

// A name that leaves the sweep's folder would make a report read, and a sweep write, elsewhere.
bool StaysBelow(const std::string& name) { return name.find('/') == std::string::npos && name[0] != '.'; }

Result<SweepRun> ReadSweepRun(const nlohmann::json& object, const std::string& where) {
  JsonFields fields(object, where);
  SweepRun run;
  run.name = fields.Text("name");
  run.group = fields.Text("group");
  run.seed = fields.Count("seed");
  run.error = fields.OptionalText("error");
  if (!run.name.empty() && !StaysBelow(run.name)) fields.Reject("name", "the name of a folder below the sweep's");
  LOWBIT_RETURN_IF_ERROR(fields.status());
  return run;
}

Result<Sweep> ReadIndex(const std::string& folder) {
  const std::string path = IndexPath(folder);
  LOWBIT_TRY(const std::string text, ReadTextFile(path));
  LOWBIT_TRY(const nlohmann::json object, ParseJsonObject(text, path));
  JsonFields fields(object, path);
  Sweep sweep;
  sweep.folder = folder;
  sweep.name = fields.Text("name");
  sweep.threads = fields.Count("threads", 1);
  const auto runs = object.find("runs");
  const auto is_object = [](const nlohmann::json& entry) { return entry.is_object(); };
  if (runs == object.end() || !runs->is_array() || runs->empty() ||
      !std::all_of(runs->begin(), runs->end(), is_object)) {
    fields.Reject("runs", "a list of at least one object");
  }
  LOWBIT_RETURN_IF_ERROR(fields.status());
  for (const nlohmann::json& entry : *runs) {
    LOWBIT_TRY(SweepRun run, ReadSweepRun(entry, path + ": runs"));
    sweep.runs.push_back(std::move(run));
  }
  return sweep;
}

void AddTo(const SweepRun& run, SweepGroup* group, std::vector<double>* scores, std::vector<double>* seconds) {
  group->seeds.push_back(run.seed);
  group->measure = run.final->measure;
  scores->push_back(run.final->test_score);
  seconds->push_back(run.final->seconds);
}

void AddStatistics(const Sweep& sweep, SweepGroup* group) {
  std::vector<double> scores, seconds;
  for (const size_t i : group->runs) {
    if (sweep.runs[i].state == SweepRun::State::kFinished) AddTo(sweep.runs[i], group, &scores, &seconds);
  }
  group->score = Summarize(scores);
  group->seconds = Summarize(seconds);
}

}  // namespace

std::vector<SweepGroup> Groups(const Sweep& sweep) {
  std::vector<SweepGroup> groups;
  for (size_t i = 0; i < sweep.runs.size(); ++i) {
    const std::string& name = sweep.runs[i].group;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const SweepGroup& g) { return g.name == name; });
    if (group == groups.end()) group = groups.insert(groups.end(), SweepGroup{name, {}, {}, {}, {}});
    group->runs.push_back(i);
  }
  for (SweepGroup& group : groups) AddStatistics(sweep, &group);
  return groups;
}

bool IsSweepFolder(const std::string& folder) { return FileExists(IndexPath(folder)); }

void RefreshRun(const std::string& folder, SweepRun* run) {
  const std::string path = folder + "/" + run->name;
  run->final.reset();
  run->state = SweepRun::State::kWaiting;
  if (!FileExists(path + "/metrics.jsonl")) return;
  run->state = SweepRun::State::kUnfinished;
  const Result<Run> read = ReadRun(path);
  if (!read.ok()) {
    run->error = read.error().message;
  } else if (IsFinished(read.value())) {
    run->final = read.value().final;
    run->state = SweepRun::State::kFinished;
    run->error.clear();
  }
}

Result<Sweep> ReadSweep(const std::string& folder) {
  LOWBIT_TRY(Sweep sweep, ReadIndex(folder));
  for (SweepRun& run : sweep.runs) RefreshRun(folder, &run);
  return sweep;
}

std::string ToJson(const Sweep& sweep) { return Dump(SweepJson(sweep), -1); }

Status WriteSweep(const Sweep& sweep) {
  return WriteFileAtomic(IndexPath(sweep.folder), Dump(SweepJson(sweep), 1) + "\n");
}

}  // namespace lowbit::report
