#include "bench/race/hand_over.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <variant>

#include "lowbit/base/file.h"

namespace lowbit::bench {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Status WriteNumbers(const std::vector<T>& numbers, const std::string& path) {
  return WriteFileAtomic(path, std::string(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)));
}

class Writer {
 public:
  explicit Writer(std::string folder) : folder_(std::move(folder)) {}

  Result<Json> operator()(const FloatTensor& tensor) { return Write(tensor.shape, tensor.data, "float32"); }
  Result<Json> operator()(const Int64Tensor& tensor) { return Write(tensor.shape, tensor.data, "int64"); }
  Result<Json> operator()(const QTensor& tensor) {
    QTensor unscaled = tensor;
    unscaled.scales = {1};
    std::vector<int8_t> integers;
    for (const float value : Dequantize(unscaled).data) {
      if (value != std::round(value)) return Invalid("weights of " + tensor.values.Name() + " are no integers");
      integers.push_back(static_cast<int8_t>(value));
    }
    LOWBIT_TRY(Json description, Write(tensor.shape, integers, "int8"));
    LOWBIT_TRY(const Json scales, Write({}, tensor.scales, "float32"));
    description["scales"] = scales["file"];
    return description;
  }

 private:
  template <typename T>
  Result<Json> Write(const Shape& shape, const std::vector<T>& numbers, const char* type) {
    const std::string file = "tensor" + std::to_string(count_++);
    LOWBIT_RETURN_IF_ERROR(WriteNumbers(numbers, folder_ + "/" + file));
    return Json{{"shape", shape}, {"type", type}, {"file", file}};
  }

  std::string folder_;
  int count_ = 0;
};

Json Describe(const Node& node) {
  Json attributes = Json::object();
  for (const auto& [name, attribute] : node.attributes) {
    std::visit([&, &key = name](const auto& value) { attributes[key] = value; }, attribute);
  }
  return {{"name", node.name},
          {"op", node.op},
          {"inputs", node.inputs},
          {"outputs", node.outputs},
          {"attributes", attributes}};
}

Json Describe(const Graph& graph) {
  Json inputs = Json::array(), nodes = Json::array();
  for (const GraphInput& input : graph.inputs) inputs.push_back({{"name", input.name}, {"shape", input.shape}});
  for (const Node& node : graph.nodes) nodes.push_back(Describe(node));
  return {{"inputs", inputs}, {"outputs", graph.outputs}, {"nodes", nodes}};
}

}  // namespace

Status HandOver(const Contest& contest, const std::vector<float>& output, const std::string& folder) {
  Json description = Describe(contest.rival);
  description["batch"] = contest.batch;
  Writer writer(folder);
  for (const auto& [name, parameter] : contest.rival.parameters) {
    LOWBIT_TRY(description["parameters"][name], std::visit(writer, parameter.value));
  }
  LOWBIT_RETURN_IF_ERROR(WriteNumbers(contest.input, folder + "/input.f32"));
  LOWBIT_RETURN_IF_ERROR(WriteNumbers(output, folder + "/output.f32"));
  return WriteFileAtomic(folder + "/contest.json", description.dump());
}

}  // namespace lowbit::bench
