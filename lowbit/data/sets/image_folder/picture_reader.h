#ifndef LOWBIT_DATA_SETS_IMAGE_FOLDER_PICTURE_READER_H_
#define LOWBIT_DATA_SETS_IMAGE_FOLDER_PICTURE_READER_H_

#include <map>
#include <mutex>
#include <string>

#include "lowbit/data/dataset.h"
#include "lowbit/data/picture_list.h"

namespace lowbit::data {

// Decodes the pictures of a list when they are asked for; images are [view.channels, view.size, view.Width()], grey pictures repeated in
// three channels, coloured ones made grey (BT.601) in one.
// The window is cut out of the picture and then brought to size by FitTo (averaging where it shrinks, linear where it
// enlarges): what resizing first and cutting then would give, but for the window's edges, which lie on whole pixels of
// the picture. A damaged picture is replaced by the next good one of its class, from the last on by the first.
class PictureReader : public ImageReader {
 public:
  // REQUIRES: 1 <= view.size <= view.resize; channels 1 or 3
  PictureReader(PictureList list, const PictureView& view) : list_(std::move(list)), view_(view) {}

  // Errors: no picture of the class can be read.
  Status Read(int64_t index, const Crop& crop, Span<uint8_t> pixels) const override;
  std::string Damage() const override;

 private:
  Status ReadFile(const std::string& path, const Crop& crop, Span<uint8_t> pixels) const;

  PictureList list_;
  PictureView view_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::string> damaged_;  // From path to what is wrong. Guarded by mutex_.
};

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_SETS_IMAGE_FOLDER_PICTURE_READER_H_
