#ifndef LOWBIT_FORMAT_ONNX_FILE_BUILDER_H_
#define LOWBIT_FORMAT_ONNX_FILE_BUILDER_H_

// An ONNX file that is put together node by node.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/core/element_type.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/graph_names.h"
#include "lowbit/format/onnx/types.h"

namespace lowbit_onnx {
class Model;
}

namespace lowbit::onnx {

class FileBuilder {
 public:
  // For a file of that graph, whose names are taken.
  FileBuilder(const Graph& graph, int64_t opset);
  FileBuilder(FileBuilder&&) noexcept;
  ~FileBuilder();

  int64_t opset() const { return opset_; }
  // A name that is new.
  std::string Unique(const std::string& wish) { return names_.Unique(wish); }

  // Initializers, under exactly that name.
  void AddFloats(const std::string& name, const FloatTensor& tensor);
  // REQUIRES: an integer type; values in its range
  void AddIntegers(const std::string& name, ElementType type, const Int64Tensor& tensor);
  void AddIntegers(const std::string& name, const SubByte& type, const Int64Tensor& tensor);
  // The same under a new name, which is returned.
  std::string NewFloats(const std::string& wish, const FloatTensor& tensor);
  std::string NewScalar(const std::string& wish, double value);
  std::string NewIntegers(const std::string& wish, ElementType type, const Int64Tensor& tensor);

  // Attributes whose order matters nowhere; "activations" of recurrent layers become a list. Another domain than ONNX's
  // is listed in the file, with the largest version that any node asks for.
  void AddNode(const Node& node, const std::string& domain = "", int64_t version = 1);
  // One more node, named after its output.
  void Add(const std::string& op, std::vector<std::string> inputs, const std::string& output,
           Attributes attributes = {}, const std::string& domain = "");
  // The same with a new output, which is returned.
  std::string Apply(const std::string& op, std::vector<std::string> inputs, const std::string& wish,
                    Attributes attributes = {});

  // An extent of kDynamic is called "batch".
  void AddInput(const std::string& name, ElementType type, const Shape& shape);
  void AddOutput(const std::string& name, ElementType type, const Shape& shape);
  void AddMetadata(const std::string& key, const std::string& value);

  // Of the file as it is.
  uint64_t Size() const;
  // Takes the numbers of initializers of 1 KiB and more out of the file, which says afterwards where they are: in the file
  // `location` beside it. Returns that file's bytes; each tensor begins on a page, so that readers can map it.
  std::string MoveDataOut(const std::string& location);
  // Error: larger than `most`.
  Result<std::string> Bytes(uint64_t most) const;

 private:
  void UseDomain(const std::string& domain, int64_t version);

  std::unique_ptr<lowbit_onnx::Model> model_;
  GraphNames names_;
  int64_t opset_;
};

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_FILE_BUILDER_H_
