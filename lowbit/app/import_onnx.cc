#include "lowbit/app/import_onnx.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <utility>

#include "lowbit/app/output_file.h"
#include "lowbit/base/error_in.h"
#include "lowbit/core/fold_batch_norm.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/format/onnx/onnx.h"

namespace lowbit::app {
namespace {

constexpr char kGivenTwice[] = "the input is given twice; once was expected";

Error NoShape(const std::string& text) {
  return Invalid("--shape '" + text +
                 "': expected INPUT=EXTENT,EXTENT,... with extents of at least 1; the first may be " + "'any'");
}

// "input=a,b,c": the name, and the words.
std::optional<std::pair<std::string, std::vector<std::string>>> ParseList(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  std::vector<std::string> words;
  std::string rest = text.substr(equals + 1) + ",";
  for (size_t comma; (comma = rest.find(',')) != std::string::npos; rest.erase(0, comma + 1)) {
    words.push_back(rest.substr(0, comma));
  }
  return std::make_pair(text.substr(0, equals), std::move(words));
}

template <typename Number>
bool ParseNumber(const std::string& word, Number* number) {
  const auto read = std::from_chars(word.data(), word.data() + word.size(), *number);
  return read.ec == std::errc() && read.ptr == word.data() + word.size();
}

// "input=any,3,224,224"
Result<std::pair<std::string, Shape>> ParseShape(const std::string& text) {
  const auto list = ParseList(text);
  if (!list.has_value()) return NoShape(text);
  Shape shape;
  for (const std::string& word : list->second) {
    int64_t extent = kDynamic;
    if (word != "any" || !shape.empty()) {
      if (!ParseNumber(word, &extent) || extent < 1) return NoShape(text);
    }
    shape.push_back(extent);
  }
  return std::make_pair(list->first, std::move(shape));
}

// "rate=16000"
Result<std::pair<std::string, std::vector<double>>> ParseValue(const std::string& text) {
  const Error wrong = Invalid("--value '" + text + "': expected INPUT=NUMBER,NUMBER,...");
  const auto list = ParseList(text);
  if (!list.has_value()) return wrong;
  std::vector<double> numbers(list->second.size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (!ParseNumber(list->second[i], &numbers[i]) || !std::isfinite(numbers[i])) return wrong;
  }
  return std::make_pair(list->first, std::move(numbers));
}

}  // namespace

bool IsOnnxFile(const std::string& path) {
  const std::string end = ".onnx";
  if (path.size() > end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0) return true;
  // The tag of ir_version, which every exporter writes first; no text begins with it.
  return std::ifstream(path, std::ios::binary).get() == 0x08;
}

Result<Inspection> ImportOnnx(const std::string& path, const OnnxImport& options, const std::string& out) {
  LOWBIT_RETURN_IF_ERROR(CheckOutput(out, {path, options.pictures.classes}, ".lbm"));
  onnx::ReadOptions read;
  for (const std::string& text : options.shapes) {
    LOWBIT_TRY(auto shape, ParseShape(text));
    if (!read.shapes.insert(std::move(shape)).second) return Invalid("--shape '" + text + "': " + kGivenTwice);
  }
  for (const std::string& text : options.values) {
    LOWBIT_TRY(auto value, ParseValue(text));
    if (!read.values.insert(std::move(value)).second) return Invalid("--value '" + text + "': " + kGivenTwice);
  }
  LOWBIT_TRY(Graph graph, onnx::Read(path, read));
  const Status taken = TakePictures(options.pictures, &graph);
  if (!taken.ok()) return ErrorIn(path, taken.error());
  if (options.fold_batch_norm) graph = FoldBatchNorm(graph);
  LOWBIT_RETURN_IF_ERROR(lbm::Write(graph, out));
  LOWBIT_TRY(Inspection inspection, Inspect(out));
  inspection.advice = PixelAdvice(options.pictures, graph);
  return inspection;
}

}  // namespace lowbit::app
