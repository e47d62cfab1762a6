#include "lowbit/data/sets/image_folder/picture_reader.h"

#include "lowbit/data/picture.h"

namespace lowbit::data {
namespace {

constexpr size_t kNamed = 20;  // Damaged pictures that a message names; it counts the others.

}  // namespace

Status PictureReader::ReadFile(const std::string& path, const Crop& crop, Span<uint8_t> pixels) const {
  const auto choose = [&](int64_t height, int64_t width) { return crop.Choose(height, width, view_); };
  LOWBIT_TRY(const Picture picture, ReadPicture(path, choose));
  FitToPlanes(picture, view_.size, view_.size, pixels);
  return Ok();
}

Status PictureReader::Read(int64_t index, const Crop& crop, Span<uint8_t> pixels) const {
  const PictureList::Place place = list_.places[static_cast<size_t>(index)];
  const auto count = static_cast<int64_t>(list_.files[static_cast<size_t>(place.label)].size());
  std::string message;
  for (int64_t i = 0; i < count; ++i) {
    const std::string path = list_.Path(place.label, (place.rank + i) % count);
    const Status read = ReadFile(path, crop, pixels);
    if (read.ok()) return Ok();
    if (i == 0) message = read.error().message;
    const std::lock_guard<std::mutex> lock(mutex_);
    damaged_.emplace(path, read.error().message);
  }
  return Invalid(list_.folder + "/" + list_.classes[static_cast<size_t>(place.label)] +
                 ": not one of its pictures can be read: " + message);
}

std::string PictureReader::Damage() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (damaged_.empty()) return "";
  std::string text = list_.folder + ": " + std::to_string(damaged_.size()) +
                     (damaged_.size() == 1 ? " damaged picture was" : " damaged pictures were") +
                     " replaced by others of the same class";
  size_t named = 0;
  for (const auto& [path, message] : damaged_) {
    if (named++ == kNamed) return text + "; ...";
    text += "; " + message;
  }
  return text;
}

}  // namespace lowbit::data
