#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/batcher.h"
#include "lowbit/data/statistics.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_png.h"

namespace lowbit::data {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint32_t kHeight = 20, kWidth = 24;
const PictureOptions kView = {{8, 16}, {}};

Bytes GreyPicture(uint8_t level) {
  const Bytes pixels(kHeight * kWidth, level);
  return Png(PNG_FORMAT_GRAY, kHeight, kWidth, pixels.data());
}

Bytes NoisePicture(uint64_t seed) {
  const ImageSet noise = NoiseSet({3, kHeight, kWidth}, 1, 1, seed);
  return Png(PNG_FORMAT_RGB, kHeight, kWidth, noise.pixels.data());
}

// Training pictures of 5 cats and 3 dogs, each of another level of grey, and a test picture of each.
void WritePets(const TemporaryFolder& folder) {
  for (int i = 0; i < 5; ++i) folder.Write("train/cat/" + std::to_string(i) + ".png", GreyPicture(10 + i));
  for (int i = 0; i < 3; ++i) folder.Write("train/dog/" + std::to_string(i) + ".PNG", GreyPicture(100 + i));
  folder.Write("train/dog/notes.txt", {1});
  folder.Write("train/.cache/x", {1});
  folder.Write("val/cat/a.png", GreyPicture(20));
  folder.Write("val/dog/a.png", GreyPicture(120));
}

std::string LoadMessage(const TemporaryFolder& folder, const PictureOptions& view = kView,
                        const std::string& name = "image-folder") {
  const Result<Dataset> set = LoadDataset(name, folder.path(), view);
  return set.ok() ? "ok" : set.error().message;
}

std::vector<uint8_t> Read(const ImageSet& set, int64_t index) {
  std::vector<uint8_t> buffer;
  const Result<Span<const uint8_t>> pixels = set.Read(index, Crop(), &buffer);
  EXPECT_TRUE(pixels.ok());
  return buffer;
}

TEST(ImageFolder, TakesClassesInTurns) {
  const TemporaryFolder folder("lowbit_pets_");
  WritePets(folder);
  const Dataset set = LoadDataset("image-folder", folder.path(), kView).value();
  EXPECT_THAT(set.class_names, ElementsAre("cat", "dog"));
  EXPECT_EQ(set.classes, 2);
  EXPECT_EQ(set.train.image, (Shape{3, 8, 8}));
  EXPECT_THAT(set.train.labels, ElementsAre(0, 1, 0, 1, 0, 1, 0, 0));
  const std::vector<uint8_t> levels = {10, 100, 11, 101, 12, 102, 13, 14};
  for (int64_t i = 0; i < set.train.count(); ++i) {
    EXPECT_THAT(Read(set.train, i), AllOf(::testing::SizeIs(3 * 8 * 8), Each(levels[static_cast<size_t>(i)])));
  }
  EXPECT_THAT(Read(set.test, 1), Each(120));
  EXPECT_EQ(set.train.Damage(), "");
}

TEST(ImageFolder, TheTestHalfHasThreeNames) {
  for (const char* name : {"val", "validation", "test"}) {
    const TemporaryFolder folder("lowbit_halves_");
    WritePets(folder);
    std::filesystem::rename(folder.File("val"), folder.File(name));
    EXPECT_EQ(LoadMessage(folder), "ok");
  }
}

// Left half 0, right half 200: the centre shows both, at the size of the view.
TEST(ImageFolder, CutsTheCentreAndAveragesIt) {
  const TemporaryFolder folder("lowbit_centre_");
  WritePets(folder);
  Bytes pixels(16 * 32);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = i % 32 < 16 ? 0 : 200;
  folder.Write("val/cat/a.png", Png(PNG_FORMAT_GRAY, 16, 32, pixels.data()));
  const Dataset set = LoadDataset("image-folder", folder.path(), {{4, 8}, {}}).value();
  const std::vector<uint8_t> image = Read(set.test, 0);  // Columns 12..19 of the picture, two at a time.
  EXPECT_EQ(std::vector<uint8_t>(image.begin(), image.begin() + 8),
            (std::vector<uint8_t>{0, 0, 200, 200, 0, 0, 200, 200}));
}

std::vector<Batch> ReadEpoch(const ImageSet& set, int threads) {
  BatchOptions options;
  options.batch_size = 3;
  options.threads = threads;
  options.crop.kind = CropOptions::Kind::kRandom;
  options.augment.flip = true;
  Batcher batcher(set, options);
  batcher.StartEpoch(2);
  std::vector<Batch> batches;
  for (Batch batch; batcher.Next(&batch);) batches.push_back(batch);
  return batches;
}

TEST(ImageFolder, BatchesAreTheSameOnEveryNumberOfThreads) {
  const TemporaryFolder folder("lowbit_threads_");
  WritePets(folder);
  for (int i = 0; i < 30; ++i) {
    folder.Write("train/cat/n" + std::to_string(i) + ".png", NoisePicture(static_cast<uint64_t>(i)));
  }
  folder.Write("train/cat/n7.png", {1, 2, 3});
  const Dataset set = LoadDataset("image-folder", folder.path(), kView).value();
  const std::vector<Batch> one = ReadEpoch(set.train, 1);
  const std::string damage = set.train.Damage();
  const std::vector<Batch> three = ReadEpoch(LoadDataset("image-folder", folder.path(), kView).value().train, 3);
  ASSERT_EQ(one.size(), 13u);
  ASSERT_EQ(three.size(), 13u);
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_TRUE(one[i].status.ok());
    EXPECT_EQ(one[i].labels, three[i].labels);
    EXPECT_EQ(one[i].images, three[i].images);
  }
  EXPECT_THAT(damage, HasSubstr("1 damaged picture was replaced"));
}

TEST(ImageFolder, ReplacesADamagedPictureByTheNextOfItsClass) {
  const TemporaryFolder folder("lowbit_damage_");
  WritePets(folder);
  Bytes cut = GreyPicture(50);
  cut.resize(cut.size() / 2);
  folder.Write("train/cat/1.png", cut);
  folder.Write("train/dog/2.PNG", {});
  const Dataset set = LoadDataset("image-folder", folder.path(), kView).value();
  EXPECT_THAT(Read(set.train, 2), Each(12));   // cat 1
  EXPECT_THAT(Read(set.train, 5), Each(100));  // dog 2, the last one
  EXPECT_THAT(Read(set.train, 2), Each(12));
  EXPECT_THAT(set.train.Damage(),
              AllOf(HasSubstr("train: 2 damaged pictures were replaced by others of the same class"),
                    HasSubstr("train/cat/1.png: "), HasSubstr("train/dog/2.PNG: offset 0")));
  EXPECT_TRUE(MeasureChannels(set.train).ok());
}

TEST(ImageFolder, NamesTwentyOfManyDamagedPictures) {
  const TemporaryFolder folder("lowbit_many_");
  WritePets(folder);
  for (int i = 10; i < 32; ++i) folder.Write("train/cat/n" + std::to_string(i) + ".png", {1});
  const Dataset set = LoadDataset("image-folder", folder.path(), kView).value();
  EXPECT_THAT(Read(set.train, 8), Each(10));  // n10.png, the first one after the five good cats.
  EXPECT_THAT(set.train.Damage(), AllOf(HasSubstr("22 damaged"), HasSubstr("n29.png"), Not(HasSubstr("n30.png"))));
}

TEST(ImageFolder, AClassWithoutAGoodPictureIsAnError) {
  const TemporaryFolder folder("lowbit_all_bad_");
  WritePets(folder);
  folder.Write("val/dog/a.png", {1});
  folder.Write("val/dog/b.png", {1});
  const Dataset set = LoadDataset("image-folder", folder.path(), kView).value();
  std::vector<uint8_t> buffer;
  EXPECT_THAT(set.test.Read(1, Crop(), &buffer).error().message,
              AllOf(HasSubstr("val/dog: not one of its pictures can be read"), HasSubstr("val/dog/a.png: offset 0")));
  EXPECT_THAT(set.test.Damage(), HasSubstr("2 damaged"));
  EXPECT_FALSE(ReadEpoch(set.test, 1)[0].status.ok());
}

TEST(ImageFolder, SaysWhatIsWrongWithTheFolders) {
  const TemporaryFolder folder("lowbit_wrong_");
  EXPECT_THAT(LoadMessage(folder), HasSubstr("lacks train; put pictures into train/CLASS/"));
  folder.Write("train/x.png", GreyPicture(1));
  EXPECT_THAT(LoadMessage(folder), HasSubstr("train: has no class folder; a folder of pictures"));
  folder.Write("train/cat/0.png", GreyPicture(1));
  EXPECT_THAT(LoadMessage(folder), HasSubstr("train: has only one class folder; "));
  folder.Write("train/dog/0.gif", GreyPicture(1));
  EXPECT_THAT(LoadMessage(folder), HasSubstr("train/dog: holds no .jpg, .jpeg or .png file"));
  folder.Write("train/dog/0.png", GreyPicture(1));
  EXPECT_THAT(LoadMessage(folder), HasSubstr("lacks val or validation or test; "));
  folder.Write("val/cat/0.png", GreyPicture(1));
  folder.Write("val/emu/0.png", GreyPicture(1));
  EXPECT_THAT(LoadMessage(folder),
              AllOf(HasSubstr("val: lacks the class folder 'dog' of "), HasSubstr("same classes")));
  folder.Write("train/emu/0.png", GreyPicture(1));
  folder.Write("val/dog/0.png", GreyPicture(1));
  folder.Write("val/fox/0.png", GreyPicture(1));
  EXPECT_THAT(LoadMessage(folder), HasSubstr("train: lacks the class folder 'fox' of "));
}

TEST(ImageFolder, TakesLabelsFromAListOfClasses) {
  const TemporaryFolder folder("lowbit_list_");
  WritePets(folder);
  PictureOptions options = kView;
  options.classes = {{"dog", "emu", "cat"}, {"Dog", "Emu", "Cat"}};
  const Dataset set = LoadDataset("image-folder", folder.path(), options).value();
  EXPECT_EQ(set.classes, 3);
  EXPECT_THAT(set.class_names, ElementsAre("Dog", "Emu", "Cat"));
  EXPECT_THAT(set.class_folders, ElementsAre("dog", "emu", "cat"));
  EXPECT_THAT(set.train.labels, ElementsAre(0, 2, 0, 2, 0, 2, 2, 2));
  EXPECT_THAT(Read(set.train, 0), Each(100));
  EXPECT_THAT(Read(set.train, 7), Each(14));
  EXPECT_THAT(set.test.labels, ElementsAre(0, 2));
  EXPECT_THAT(set.warnings, ElementsAre(HasSubstr("train: has no picture of 1 of the 3 classes"),
                                        HasSubstr("val: has no picture of 1 of the 3 classes")));
  options.classes.folders[2] = "cow";
  EXPECT_THAT(LoadMessage(folder, options), HasSubstr("train/cat: is none of the 3 classes that are listed"));
}

TEST(ImageFolder, AListedClassMayBeEmptyButNotAll) {
  const TemporaryFolder folder("lowbit_empty_");
  WritePets(folder);
  for (int i = 0; i < 5; ++i) std::filesystem::remove(folder.File("train/cat/" + std::to_string(i) + ".png"));
  PictureOptions options = kView;
  options.classes = {{"cat", "dog"}, {"cat", "dog"}};
  EXPECT_EQ(LoadMessage(folder, options), "ok");
  for (int i = 0; i < 3; ++i) std::filesystem::remove(folder.File("train/dog/" + std::to_string(i) + ".PNG"));
  EXPECT_THAT(LoadMessage(folder, options), HasSubstr("train: holds no picture of any class that is listed"));
}

TEST(ImageFolder, RefusesAViewThatCannotBe) {
  const TemporaryFolder folder("lowbit_view_");
  WritePets(folder);
  EXPECT_THAT(LoadMessage(folder, {{16, 8}, {}, {}}), HasSubstr("cannot be resized to 8 and cut to 16 pixels"));
  EXPECT_THAT(LoadMessage(folder, {{0, 8}, {}, {}}), HasSubstr("1 <= cut <= resize <= 8192"));
}

TEST(ImageFolder, IsFoundByItsFolders) {
  const TemporaryFolder root("lowbit_found_");
  root.Write("image-folder/train/cat/0.png", GreyPicture(1));
  ASSERT_EQ(setenv("LOWBIT_DATA", root.path().c_str(), 1), 0);
  EXPECT_THAT(FindDatasets("image-folder").value()[0].places[0].missing, ElementsAre("val or validation or test"));
  root.Write("image-folder/test/cat/0.png", GreyPicture(1));
  EXPECT_NE(FindDatasets("image-folder").value()[0].chosen(), nullptr);
  unsetenv("LOWBIT_DATA");
}

// --- Pictures without labels.

TEST(Pictures, AreThoseOfTheFolderItself) {
  const TemporaryFolder folder("lowbit_pictures_");
  for (int i = 0; i < 3; ++i) folder.Write(std::to_string(i) + ".png", GreyPicture(10 + i));
  folder.Write("notes.txt", {1});
  folder.Write("deeper/4.png", GreyPicture(99));
  const Dataset set = LoadDataset("pictures", folder.path(), kView).value();
  EXPECT_EQ(set.classes, 0);
  EXPECT_EQ(set.train.count(), 3);
  EXPECT_EQ(set.test.count(), 0);
  EXPECT_EQ(set.train.image, (Shape{3, 8, 8}));
  EXPECT_THAT(Read(set.train, 1), Each(11));
}

TEST(Pictures, MayHaveOthersForTests) {
  const TemporaryFolder folder("lowbit_pictures_"), other("lowbit_pictures_test_");
  folder.Write("0.png", GreyPicture(10));
  for (int i = 0; i < 2; ++i) other.Write(std::to_string(i) + ".png", GreyPicture(20 + i));
  PictureOptions options = kView;
  options.test = other.path();
  const Dataset set = LoadDataset("pictures", folder.path(), options).value();
  EXPECT_EQ(set.train.count(), 1);
  EXPECT_EQ(set.test.count(), 2);
  EXPECT_EQ(set.test.image, set.train.image);
  EXPECT_THAT(Read(set.test, 1), Each(21));
  options.test = folder.File("none");
  EXPECT_THAT(LoadMessage(folder, options, "pictures"), HasSubstr("/none: "));
}

// What a network that is built for them has to know.
TEST(Pictures, PassOnTheClassesThatAreListed) {
  const TemporaryFolder folder("lowbit_pictures_");
  folder.Write("a.png", GreyPicture(10));
  PictureOptions options = kView;
  options.classes = {{"n1", "n2"}, {"cat", "dog"}};
  const Dataset set = LoadDataset("pictures", folder.path(), options).value();
  EXPECT_EQ(set.classes, 0);
  EXPECT_THAT(set.class_folders, ElementsAre("n1", "n2"));
  EXPECT_THAT(set.class_names, ElementsAre("cat", "dog"));
}

TEST(Pictures, OfTheNetworksSizeStayAsTheyAre) {
  const TemporaryFolder folder("lowbit_pictures_");
  const ImageSet noise = NoiseSet({3, 8, 8}, 1, 1, 5);
  std::vector<uint8_t> pixels;  // The channels of a pixel side by side.
  for (size_t i = 0; i < 64; ++i) {
    for (size_t c = 0; c < 3; ++c) pixels.push_back(noise.pixels[c * 64 + i]);
  }
  folder.Write("a.png", Png(PNG_FORMAT_RGB, 8, 8, pixels.data()));
  EXPECT_EQ(Read(LoadDataset("pictures", folder.path(), kView).value().train, 0), noise.pixels);
  PictureOptions grey = kView;
  grey.view.channels = 1;
  const std::vector<uint8_t> greys = Read(LoadDataset("pictures", folder.path(), grey).value().train, 0);
  ASSERT_EQ(greys.size(), 64u);
  const int red = noise.pixels[7], green = noise.pixels[64 + 7], blue = noise.pixels[128 + 7];
  EXPECT_EQ(greys[7], (299 * red + 587 * green + 114 * blue + 500) / 1000);
}

TEST(Pictures, MayBeWiderThanHigh) {
  const TemporaryFolder folder("lowbit_pictures_");
  std::vector<uint8_t> columns;  // 4 rows of 16 grey pixels, each column of its own.
  for (int i = 0; i < 4 * 16; ++i) columns.insert(columns.end(), 3, static_cast<uint8_t>(i % 16));
  folder.Write("a.png", Png(PNG_FORMAT_RGB, 4, 16, columns.data()));
  PictureOptions line = kView;
  line.view.size = line.view.resize = 2;
  line.view.width = 6;
  const ImageSet set = LoadDataset("pictures", folder.path(), line).value().train;
  EXPECT_EQ(set.image, (Shape{3, 2, 6}));
  // The middle 12 columns, two of which make one, and rows alike.
  const std::vector<uint8_t> row = {3, 5, 7, 9, 11, 13};
  const std::vector<uint8_t> pixels = Read(set, 0);
  ASSERT_EQ(pixels.size(), 36u);
  for (size_t i = 0; i < pixels.size(); ++i) EXPECT_EQ(pixels[i], row[i % 6]) << i;
  line.view.width = kMaxPictureSide + 1;
  EXPECT_THAT(LoadDataset("pictures", folder.path(), line).error().message, HasSubstr("cut to 8193 pixels"));
}

TEST(Pictures, DamagedOnesAreReplacedAndNamed) {
  const TemporaryFolder folder("lowbit_pictures_");
  folder.Write("a.png", {1, 2, 3});
  folder.Write("b.png", GreyPicture(40));
  const Dataset set = LoadDataset("pictures", folder.path(), kView).value();
  EXPECT_THAT(Read(set.train, 0), Each(40));
  EXPECT_THAT(set.train.Damage(), HasSubstr("/a.png"));
}

TEST(Pictures, AnEmptyFolderIsAnError) {
  const TemporaryFolder folder("lowbit_pictures_");
  folder.Write("train/cat/a.png", GreyPicture(40));
  const Result<Dataset> set = LoadDataset("pictures", folder.path(), kView);
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().message, folder.path() + ": holds no .jpg, .jpeg or .png file");
}

}  // namespace
}  // namespace lowbit::data
