#include "lowbit/data/image_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/test_files.h"
#include "lowbit/data/test_jpeg.h"
#include "lowbit/data/test_png.h"

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Bytes Text(const std::string& text) { return Bytes(text.begin(), text.end()); }

Image8 Decode(const Bytes& file) { return DecodeImage(file, "f").value(); }

std::string MessageOf(const Bytes& file) {
  const Result<Image8> image = DecodeImage(file, "f");
  return image.ok() ? "ok" : image.error().message;
}

TEST(Png, ReadsGreyAndColour) {
  const Bytes grey = {0, 1, 127, 128, 254, 255}, colour = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(Decode(Png(PNG_FORMAT_GRAY, 2, 3, grey.data())).pixels, grey);
  EXPECT_EQ(Decode(Png(PNG_FORMAT_GRAY, 2, 3, grey.data())).shape, (Shape{1, 2, 3}));
  EXPECT_THAT(Decode(Png(PNG_FORMAT_RGB, 2, 1, colour.data())).pixels, ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Png, ReadsPalettesAndLaysTransparencyOnWhite) {
  const Bytes indices = {0, 1}, transparent = {1, 2, 3, 255, 40, 50, 60, 0};
  EXPECT_THAT(Decode(Png(PNG_FORMAT_RGB_COLORMAP, 1, 2, indices.data(), true)).pixels,
              ElementsAre(10, 200, 20, 100, 30, 50));
  EXPECT_THAT(Decode(Png(PNG_FORMAT_RGBA, 1, 2, transparent.data())).pixels, ElementsAre(1, 255, 2, 255, 3, 255));
}

TEST(Jpeg, ReadsConstantBlocksExactly) {
  // A constant block has one coefficient, 8 (v - 128): exact at quantization step 1.
  for (const bool progressive : {false, true}) {
    for (const int v : {0, 77, 128, 255}) {
      const Bytes grey(8 * 16, static_cast<uint8_t>(v)), colour(3 * 8 * 16, static_cast<uint8_t>(v));
      EXPECT_EQ(Decode(Jpeg({1, progressive}, 8, 16, grey)).pixels, grey);
      EXPECT_EQ(Decode(Jpeg({3, progressive}, 8, 16, colour)).pixels, colour);
      EXPECT_EQ(Decode(Jpeg({3, progressive}, 8, 16, colour)).shape, (Shape{3, 8, 16}));
    }
  }
}

// Y, Cb and Cr are rounded (1/2 each), so a colour is off by at most 1/2 + 1.772 / 2, and rounded again: below 2.
TEST(Jpeg, KeepsTheOrderOfColours) {
  Bytes pixels;
  for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), {200, 100, 30});
  const Image8 image = Decode(Jpeg({3}, 8, 8, pixels));
  EXPECT_NEAR(image.pixels[0], 200, 2);
  EXPECT_NEAR(image.pixels[64], 100, 2);
  EXPECT_NEAR(image.pixels[128], 30, 2);
}

TEST(Jpeg, RefusesCmyk) { EXPECT_THAT(MessageOf(Jpeg({4}, 8, 8, Bytes(256, 9))), StartsWith("f: offset ")); }

TEST(Pnm, ReadsTextAndBinary) {
  EXPECT_THAT(Decode(Text("P2 # grey\n3 1\n#c\n255\n0 7 255\n")).pixels, ElementsAre(0, 7, 255));
  EXPECT_THAT(Decode(Text("P3\n1 2 255 1 2 3 4 5 6")).pixels, ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(Decode(Text("P5 2 1 255\nAB")).pixels, ElementsAre('A', 'B'));
  EXPECT_THAT(Decode(Text("P6 1 1 255\nABC")).pixels, ElementsAre('A', 'B', 'C'));
  EXPECT_EQ(Decode(Text("P6 1 1 255\nABC")).shape, (Shape{3, 1, 1}));
}

TEST(Pnm, ScalesToTheFullRange) {
  EXPECT_THAT(Decode(Text("P2 3 1 4 0 2 4")).pixels, ElementsAre(0, 128, 255));  // 127.5 is rounded up.
  Bytes wide = Text("P5 2 1 65535\n");
  wide.insert(wide.end(), {0xff, 0xff, 0x80, 0x80});
  EXPECT_THAT(Decode(wide).pixels, ElementsAre(255, 128));
}

TEST(Pnm, SaysWhatIsWrong) {
  EXPECT_EQ(MessageOf(Text("P5 2 x")), "f: offset 5: the height of the PNM image is missing");
  EXPECT_EQ(MessageOf(Text("P5 2 2 255\nabc")), "f: offset 11: 3 bytes of pixels; 4 were expected");
  EXPECT_EQ(MessageOf(Text("P5 2 2 255\nabcde")), "f: offset 11: 5 bytes of pixels; 4 were expected");
  EXPECT_EQ(MessageOf(Text("P5 2 2 0\nabcd")),
            "f: offset 8: the largest value of the PNM image is 0; 1..65535 was expected");
  EXPECT_EQ(MessageOf(Text("P5 1 1 65536\na")), "f: offset 12: the largest value is larger than 65535");
  EXPECT_EQ(MessageOf(Text("P5 1 1 9\na")), "f: offset 9: a pixel is above the largest value 9");
  EXPECT_EQ(MessageOf(Text("P2 2 1 9 3")), "f: offset 10: the next pixel of the PNM image is missing");
  EXPECT_EQ(MessageOf(Text("P2 200 1 9 3")), "f: offset 10: the file ends before the last pixel");
  EXPECT_EQ(MessageOf(Text("P2 1 1 9 3 4")), "f: offset 11: bytes follow the last pixel");
  EXPECT_EQ(MessageOf(Text("P2 1 1 9 10")), "f: offset 11: the next pixel is larger than 9");
  EXPECT_THAT(MessageOf(Text("P5 0 1 9\n")), StartsWith("f: the image is 0x1 pixels; 1 to 67108864"));
  EXPECT_THAT(MessageOf(Text("P5 10000 10000 9\n")), StartsWith("f: the image is 10000x10000 pixels"));
  EXPECT_THAT(MessageOf(Text("P5 99999999999999999999 1 9\n")), HasSubstr("the width is larger than"));
}

TEST(ImageFile, KnowsFormatsByTheirFirstBytes) {
  EXPECT_THAT(MessageOf({}), HasSubstr("the file is empty"));
  EXPECT_EQ(MessageOf(Text("GIF89a")), "f: offset 0: not a PNG, JPEG, PGM or PPM image by its first bytes");
  const TemporaryFolder folder("lowbit_image_");
  folder.Write("really_a_pgm.png", Text("P5 1 1 255\nA"));
  EXPECT_THAT(ReadImage(folder.File("really_a_pgm.png")).value().pixels, ElementsAre('A'));
  EXPECT_THAT(ReadImage(folder.File("none.png")).error().message, HasSubstr("No such file"));
}

std::vector<Bytes> OneOfEach() {
  Bytes pixels;
  for (int i = 0; i < 3 * 20 * 20; ++i) pixels.push_back(static_cast<uint8_t>(i * i * 7 >> 4));
  return {Png(PNG_FORMAT_RGB, 20, 20, pixels.data()), Png(PNG_FORMAT_GRAY, 20, 20, pixels.data()),
          Jpeg({3}, 20, 20, pixels), Jpeg({1, true}, 20, 20, pixels), Text("P3 1 2 255 1 2 3 4 5 60")};
}

TEST(ImageFile, EndsAnywhere) {
  for (const Bytes& whole : OneOfEach()) {
    ASSERT_EQ(MessageOf(whole), "ok");
    int read = 0;
    for (size_t size = 0; size < whole.size(); ++size) {
      const std::string message = MessageOf(Bytes(whole.begin(), whole.begin() + static_cast<int64_t>(size)));
      if (message == "ok") ++read;
      if (message != "ok") {
        EXPECT_THAT(message, StartsWith("f: ")) << size;
      }
    }
    // P3 without its last digit is another, whole picture.
    EXPECT_EQ(read, whole[0] == 'P' ? 1 : 0);
  }
}

// Nothing but an image of the right size or a message, and no crash (sanitizers look on).
TEST(ImageFile, SurvivesEveryFlippedBit) {
  for (const Bytes& whole : OneOfEach()) {
    for (size_t bit = 0; bit < 8 * whole.size(); bit += 3) {
      Bytes damaged = whole;
      damaged[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
      const Result<Image8> image = DecodeImage(damaged, "f");
      if (image.ok()) {
        EXPECT_EQ(static_cast<int64_t>(image.value().pixels.size()), Elements(image.value().shape));
      } else {
        EXPECT_THAT(image.error().message, StartsWith("f: "));
      }
    }
  }
}

// A 70,000 x 70,000 header with no pixels behind it.
TEST(ImageFile, AHeaderCannotMakeTheReaderAllocate) {
  const uint8_t pixel = 0;
  Bytes png = Png(PNG_FORMAT_GRAY, 1, 1, &pixel);
  for (size_t i = 16; i < 24; i += 4) png[i + 1] = 1, png[i + 2] = 0x11;
  const uint32_t crc = static_cast<uint32_t>(crc32(0, png.data() + 12, 17));
  for (size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<uint8_t>(crc >> (24 - 8 * i));
  EXPECT_THAT(MessageOf(png), StartsWith("f: the image is 69889x69889 pixels"));
  Bytes jpeg = Jpeg({1}, 8, 8, Bytes(64));
  for (size_t i = 0; i + 8 < jpeg.size(); ++i) {
    if (jpeg[i] == 0xff && jpeg[i + 1] == 0xc0) std::fill(jpeg.begin() + i + 5, jpeg.begin() + i + 9, 0xf0);
  }
  EXPECT_THAT(MessageOf(jpeg), StartsWith("f: the image is 61680x61680 pixels"));
}

}  // namespace
}  // namespace lowbit::data
