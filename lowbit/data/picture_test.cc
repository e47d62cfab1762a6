#include "lowbit/data/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/base/random.h"
#include "lowbit/data/image_file.h"
#include "lowbit/data/test_jpeg.h"
#include "lowbit/data/test_png.h"

namespace lowbit::data {
namespace {

using ::testing::HasSubstr;

std::vector<uint8_t> Pixels(const Picture& picture) { return {picture.data(), picture.data() + picture.bytes()}; }

Picture Whole(const Bytes& file) { return DecodePicture(file, "f", WholePicture).value(); }

Picture Part(const Bytes& file, const Window& window) {
  return DecodePicture(file, "f", [&](int64_t, int64_t) { return window; }).value();
}

Window RandomWindow(int64_t height, int64_t width, uint64_t number) {
  const CounterRandom random(number, StreamOf("window"));
  Window window;
  window.height = 1 + static_cast<int64_t>(random.Below(0, static_cast<uint32_t>(height)));
  window.width = 1 + static_cast<int64_t>(random.Below(1, static_cast<uint32_t>(width)));
  window.top = static_cast<int64_t>(random.Below(2, static_cast<uint32_t>(height - window.height + 1)));
  window.left = static_cast<int64_t>(random.Below(3, static_cast<uint32_t>(width - window.width + 1)));
  return window;
}

constexpr int64_t kHeight = 83, kWidth = 101;

void ExpectWindowsAreCuts(const Bytes& file, const std::string& what) {
  const Picture whole = Whole(file);
  for (uint64_t number = 0; number < 60; ++number) {
    const Window window = RandomWindow(kHeight, kWidth, number);
    ASSERT_EQ(Pixels(Part(file, window)), Pixels(whole.Cut(window)))
        << what << ": " << window.top << " " << window.left << " " << window.height << " " << window.width;
  }
}

TEST(ReadPicture, WindowsOfJpegFilesHaveThePixelsOfTheWhole) {
  const ImageSet noise = NoiseSet({3, kHeight, kWidth}, 1, 1, 5);
  const int samples[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}};
  for (const bool progressive : {false, true}) {
    for (const auto& [columns, rows] : samples) {
      const Bytes file = Jpeg({3, progressive, columns, rows}, kHeight, kWidth, noise.pixels);
      ExpectWindowsAreCuts(file, std::to_string(columns) + ":" + std::to_string(rows));
    }
    ExpectWindowsAreCuts(Jpeg({1, progressive}, kHeight, kWidth, noise.pixels), "grey");
  }
}

TEST(ReadPicture, WindowsOfPngFilesToo) {
  const ImageSet noise = NoiseSet({3, kHeight, kWidth}, 1, 1, 5);
  ExpectWindowsAreCuts(Png(PNG_FORMAT_RGB, kHeight, kWidth, noise.pixels.data()), "png");
}

TEST(ReadPicture, SeesDamageAboveTheLastRowThatItNeeds) {
  const ImageSet noise = NoiseSet({3, kHeight, kWidth}, 1, 1, 5);
  Bytes file = Jpeg({3, false, 2, 2}, kHeight, kWidth, noise.pixels);
  file.resize(file.size() / 2);
  const auto read = [&](const Window& window) {
    const Result<Picture> part = DecodePicture(file, "f", [&](int64_t, int64_t) { return window; });
    return part.ok() ? "ok" : part.error().message;
  };
  EXPECT_EQ(read({0, 0, 16, kWidth}), "ok");
  EXPECT_THAT(read({kHeight - 1, 0, 1, 8}), HasSubstr("damaged JPEG"));
  EXPECT_THAT(read({0, 0, kHeight, kWidth}), HasSubstr("damaged JPEG"));
}

TEST(FitToPlanes, AgreesWithFitTo) {
  const ImageSet noise = NoiseSet({3, kHeight, kWidth}, 1, 1, 5);
  const Bytes colour = Png(PNG_FORMAT_RGB, kHeight, kWidth, noise.pixels.data());
  const Bytes grey = Png(PNG_FORMAT_GRAY, kHeight, kWidth, noise.pixels.data());
  for (const Bytes& file : {colour, grey}) {
    const Image8 image = DecodeImage(file, "f").value();
    for (const auto& [height, width] : {std::pair(40, 30), std::pair(150, 101), std::pair(83, 101), std::pair(1, 1)}) {
      std::vector<uint8_t> planes(static_cast<size_t>(3 * height * width));
      FitToPlanes(Whole(file), height, width, Span<uint8_t>(planes.data(), planes.size()));
      EXPECT_EQ(planes, FitTo(image, 3, height, width).value().pixels) << height << "x" << width;
    }
  }
}

}  // namespace
}  // namespace lowbit::data
