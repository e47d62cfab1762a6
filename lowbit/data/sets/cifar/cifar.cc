#include "lowbit/data/sets/cifar/cifar.h"

namespace lowbit::data {
namespace {

Error At(const std::string& name, size_t offset, const std::string& rule) {
  return Invalid(name + ": offset " + std::to_string(offset) + ": " + rule);
}

Status CheckLength(Span<const uint8_t> file, const std::string& name, size_t record) {
  if (file.empty()) return At(name, 0, "the file is empty; CIFAR records were expected");
  if (file.size() % record == 0) return Ok();
  return At(name, file.size() / record * record,
            "the file has " + std::to_string(file.size()) + " bytes, not a whole number of " + std::to_string(record) +
                "-byte CIFAR records");
}

Status CheckLabels(Span<const uint8_t> file, const std::string& name, const CifarLabels& labels, size_t record) {
  for (size_t start = 0; start < file.size(); start += record) {
    for (size_t i = 0; i < labels.size(); ++i) {
      if (file[start + i] < labels[i]) continue;
      return At(name, start + i,
                "label " + std::to_string(file[start + i]) + " of record " + std::to_string(start / record) +
                    " is not in 0.." + std::to_string(labels[i] - 1));
    }
  }
  return Ok();
}

}  // namespace

Status ParseCifar(Span<const uint8_t> file, const std::string& name, const CifarLabels& labels, ImageSet* set) {
  LOWBIT_CHECK(!labels.empty());
  const size_t record = labels.size() + kCifarPixelBytes;
  LOWBIT_RETURN_IF_ERROR(CheckLength(file, name, record));
  LOWBIT_RETURN_IF_ERROR(CheckLabels(file, name, labels, record));
  set->image = {3, 32, 32};
  set->labels.reserve(set->labels.size() + file.size() / record);
  set->pixels.reserve(set->pixels.size() + file.size() / record * kCifarPixelBytes);
  for (size_t start = 0; start < file.size(); start += record) {
    const uint8_t* pixels = file.data() + start + labels.size();
    set->labels.push_back(pixels[-1]);
    set->pixels.insert(set->pixels.end(), pixels, pixels + kCifarPixelBytes);
  }
  return Ok();
}

}  // namespace lowbit::data
