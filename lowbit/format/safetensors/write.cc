#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/base/bytes.h"
#include "lowbit/base/error_in.h"
#include "lowbit/base/file.h"
#include "lowbit/base/utf8.h"
#include "lowbit/format/safetensors/safetensors.h"
#include "lowbit/format/safetensors/seal.h"

namespace lowbit::safetensors {
namespace {

using Named = std::pair<const std::string*, const Tensor*>;

Status CheckFile(const File& file) {
  for (const auto& [name, tensor] : file.tensors) {
    if (!IsUtf8(name) || name == kMetadataKey) {
      return Invalid("a tensor's name must be UTF-8 and not '" + std::string(kMetadataKey) + "'");
    }
    const auto elements = CheckedElements(tensor.shape);
    if (!elements.ok()) return Invalid("tensor '" + name + "': " + elements.error().message);
    const uint64_t expected = static_cast<uint64_t>(elements.value()) * ElementBytes(tensor.dtype);
    if (tensor.bytes.size() != expected) {
      return Invalid("tensor '" + name + "': has " + std::to_string(tensor.bytes.size()) + " bytes; " +
                     Name(tensor.dtype) + " " + ToString(tensor.shape) + " needs " + std::to_string(expected));
    }
  }
  for (const auto& [key, text] : file.metadata) {
    if (!IsUtf8(key) || !IsUtf8(text) || key == kChecksumKey) {
      return Invalid("metadata must be UTF-8 and no key '" + std::string(kChecksumKey) + "'");
    }
  }
  return Ok();
}

std::vector<Named> InDataOrder(const File& file) {
  std::vector<Named> order;
  for (const auto& [name, tensor] : file.tensors) order.emplace_back(&name, &tensor);
  std::stable_sort(order.begin(), order.end(), [](const Named& a, const Named& b) {
    return ElementBytes(a.second->dtype) > ElementBytes(b.second->dtype);
  });
  return order;
}

std::string Header(const File& file, const std::vector<Named>& order) {
  nlohmann::json header;
  uint64_t end = 0;
  for (const auto& [name, tensor] : order) {
    const uint64_t begin = std::exchange(end, end + tensor->bytes.size());
    header[*name] = {{"dtype", Name(tensor->dtype)}, {"shape", tensor->shape}, {"data_offsets", {begin, end}}};
  }
  nlohmann::json metadata = file.metadata;
  metadata[kChecksumKey] = kChecksumZero;
  header[kMetadataKey] = std::move(metadata);
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

Result<std::vector<uint8_t>> Encode(const File& file) {
  LOWBIT_RETURN_IF_ERROR(CheckFile(file));
  const std::vector<Named> order = InDataOrder(file);
  const std::string header = Header(file, order);
  if (header.size() > kMaxHeaderBytes) return Invalid("names and metadata take more than 10^8 bytes");
  std::vector<uint8_t> bytes;
  AppendLittle(uint64_t{header.size()}, &bytes);
  bytes.insert(bytes.end(), header.begin(), header.end());
  for (const auto& [name, tensor] : order) bytes.insert(bytes.end(), tensor->bytes.begin(), tensor->bytes.end());
  Seal(header.size(), &bytes);
  return bytes;
}

Status Write(const File& file, const std::string& path) {
  const auto bytes = Encode(file);
  if (!bytes.ok()) return ErrorIn(path, bytes.error());
  return WriteFileAtomic(path, Span<const uint8_t>(bytes.value()));
}

}  // namespace lowbit::safetensors
