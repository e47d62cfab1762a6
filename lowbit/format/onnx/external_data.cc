#include "lowbit/format/onnx/external_data.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "lowbit/format/onnx/onnx.pb.h"

namespace lowbit::onnx {
namespace {

namespace fs = std::filesystem;

struct Place {
  std::string location, offset, length;
};

Place PlaceOf(const lowbit_onnx::Tensor& tensor) {
  Place place;
  for (const lowbit_onnx::Entry& entry : tensor.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") place.offset = entry.value();
    if (entry.key() == "length") place.length = entry.value();
  }
  return place;
}

Result<uint64_t> Number(const std::string& what, const std::string& text, uint64_t otherwise) {
  if (text.empty()) return otherwise;
  uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size()) return value;
  return Invalid("external data: " + what + " '" + text + "' is no number");
}

// The file, which must lie in the folder or below it after all links are followed.
Result<std::string> PathOf(const std::string& location, const std::string& folder) {
  const std::string quoted = "external data: location '" + location + "'";
  const fs::path relative(location);
  const bool climbs = std::any_of(relative.begin(), relative.end(), [](const fs::path& part) { return part == ".."; });
  if (location.empty() || relative.is_absolute() || climbs || location.find('\0') != std::string::npos) {
    return Invalid(quoted + " must name a file in the model's folder");
  }
  std::error_code failed;
  const fs::path root = fs::canonical(folder, failed);
  const fs::path path = failed ? fs::path() : fs::canonical(root / relative, failed);
  if (failed) return Invalid(quoted + " is not there");
  const fs::path inside = path.lexically_relative(root);
  if (inside.empty() || *inside.begin() == "..") return Invalid(quoted + " lies outside of the model's folder");
  return path.string();
}

}  // namespace

Result<ExternalData> ExternalData::Open(const lowbit_onnx::Tensor& tensor, const std::string& folder) {
  const Place place = PlaceOf(tensor);
  if (folder.empty()) return Invalid("external data: there is no folder to look for '" + place.location + "' in");
  LOWBIT_TRY(const std::string path, PathOf(place.location, folder));
  LOWBIT_TRY(MappedFile file, MappedFile::Open(path));
  LOWBIT_TRY(const uint64_t offset, Number("offset", place.offset, 0));
  const uint64_t size = file.size();
  LOWBIT_TRY(const uint64_t length, Number("length", place.length, offset <= size ? size - offset : 0));
  if (offset > size || length > size - offset) {
    return Invalid("external data: bytes " + std::to_string(offset) + " + " + std::to_string(length) + " of '" +
                   place.location + "' lie beyond its " + std::to_string(size));
  }
  return ExternalData(std::move(file), offset, length);
}

}  // namespace lowbit::onnx
