#include "lowbit/data/sets/image_folder/picture_reader.h"

#include <vector>

#include "lowbit/data/picture.h"

namespace lowbit::data {
namespace {

constexpr size_t kNamed = 20;  // Damaged pictures that a message names; it counts the others.

}  // namespace

Status PictureReader::ReadFile(const std::string& path, const Crop& crop, Span<uint8_t> pixels) const {
  const auto choose = [&](int64_t height, int64_t width) { return crop.Choose(height, width, view_); };
  LOWBIT_TRY(const Picture picture, ReadPicture(path, choose));
  if (view_.channels == 3) {
    FitToPlanes(picture, view_.size, view_.Width(), pixels);
    return Ok();
  }
  std::vector<uint8_t> planes(3 * pixels.size());
  FitToPlanes(picture, view_.size, view_.Width(), planes);
  const uint8_t *red = planes.data(), *green = red + pixels.size(), *blue = green + pixels.size();
  for (size_t i = 0; i < pixels.size(); ++i) {  // BT.601 luma, as FitTo has it.
    pixels[i] = static_cast<uint8_t>((299 * red[i] + 587 * green[i] + 114 * blue[i] + 500) / 1000);
  }
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
  return Invalid(list_.ClassFolder(place.label) + ": not one of its pictures can be read: " + message);
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
