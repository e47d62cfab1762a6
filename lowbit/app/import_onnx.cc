#include "lowbit/app/import_onnx.h"

#include <charconv>
#include <fstream>
#include <utility>

#include "lowbit/core/fold_batch_norm.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/format/onnx/onnx.h"

namespace lowbit::app {
namespace {

Error NoShape(const std::string& text) {
  return Invalid("--shape '" + text +
                 "': expected INPUT=EXTENT,EXTENT,... with extents of at least 1; the first may be " + "'any'");
}

// "input=any,3,224,224"
Result<std::pair<std::string, Shape>> ParseShape(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return NoShape(text);
  Shape shape;
  std::string extents = text.substr(equals + 1) + ",";
  for (size_t comma; (comma = extents.find(',')) != std::string::npos; extents.erase(0, comma + 1)) {
    const std::string word = extents.substr(0, comma);
    int64_t extent = kDynamic;
    if (word != "any" || !shape.empty()) {
      const auto read = std::from_chars(word.data(), word.data() + word.size(), extent);
      if (read.ec != std::errc() || read.ptr != word.data() + word.size() || extent < 1) return NoShape(text);
    }
    shape.push_back(extent);
  }
  return std::make_pair(text.substr(0, equals), std::move(shape));
}

}  // namespace

bool IsOnnxFile(const std::string& path) {
  const std::string end = ".onnx";
  if (path.size() > end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0) return true;
  // The tag of ir_version, which every exporter writes first; no text begins with it.
  return std::ifstream(path, std::ios::binary).get() == 0x08;
}

Result<Inspection> ImportOnnx(const std::string& path, const std::vector<std::string>& shapes, bool fold_batch_norm,
                              const std::string& out) {
  onnx::ReadOptions options;
  for (const std::string& text : shapes) {
    LOWBIT_TRY(auto shape, ParseShape(text));
    options.shapes.insert(std::move(shape));
  }
  LOWBIT_TRY(Graph graph, onnx::Read(path, options));
  if (fold_batch_norm) graph = FoldBatchNorm(graph);
  LOWBIT_RETURN_IF_ERROR(lbm::Write(graph, out));
  return Inspect(out);
}

}  // namespace lowbit::app
