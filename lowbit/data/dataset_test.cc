#include "lowbit/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "lowbit/data/test_files.h"

namespace lowbit::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

void WriteIdxSet(const TemporaryFolder& folder, const ImageSet& train, const ImageSet& test, bool packed = false,
                 const std::string& rank = "3") {
  const auto write = [&](const std::string& name, const Bytes& bytes) {
    folder.Write(name + (packed ? ".gz" : ""), packed ? Gzip(bytes) : bytes);
  };
  write("train-images-idx" + rank + "-ubyte", IdxImages(train));
  write("train-labels-idx1-ubyte", IdxLabels(train));
  write("t10k-images-idx" + rank + "-ubyte", IdxImages(test));
  write("t10k-labels-idx1-ubyte", IdxLabels(test));
}

Bytes CifarFile(const ImageSet& set, const Bytes& before_label = {}) {
  Bytes file;
  for (int64_t i = 0; i < set.count(); ++i) {
    file.insert(file.end(), before_label.begin(), before_label.end());
    file.push_back(static_cast<uint8_t>(set.labels[i]));
    file.insert(file.end(), set.pixels.begin() + i * 3072, set.pixels.begin() + (i + 1) * 3072);
  }
  return file;
}

void WriteCifar10(const TemporaryFolder& folder, const ImageSet& each) {
  for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                           "data_batch_5.bin", "test_batch.bin"}) {
    folder.Write(name, CifarFile(each));
  }
}

std::string LoadMessage(const std::string& name, const std::string& path) {
  const Result<Dataset> set = LoadDataset(name, path);
  return set.ok() ? "ok" : set.error().message;
}

Bytes TextBytes(const std::string& text) { return Bytes(text.begin(), text.end()); }

TEST(Dataset, LoadsASetNeverSeenBefore) {
  for (const bool packed : {false, true}) {
    const TemporaryFolder folder("lowbit_idx_");
    const ImageSet train = NoiseSet({1, 13, 9}, 40, 5), test = NoiseSet({1, 13, 9}, 20, 17, 2);
    WriteIdxSet(folder, train, test, packed);
    const Dataset set = LoadDataset("idx", folder.path()).value();
    EXPECT_EQ(set.name, "idx");
    EXPECT_EQ(set.path, folder.path());
    EXPECT_EQ(set.classes, 17);  // The largest label is a test image's.
    EXPECT_EQ(set.train.image, (Shape{1, 13, 9}));
    EXPECT_EQ(set.train.pixels, train.pixels);
    EXPECT_EQ(set.train.labels, train.labels);
    EXPECT_EQ(set.test.pixels, test.pixels);
    EXPECT_EQ(set.test.labels, test.labels);
    EXPECT_THAT(set.warnings, IsEmpty());
  }
}

TEST(Dataset, LoadsChannelsFromFourDimensions) {
  const TemporaryFolder folder("lowbit_idx4_");
  WriteIdxSet(folder, NoiseSet({2, 5, 6}, 9, 3), NoiseSet({2, 5, 6}, 3, 3), false, "4");
  EXPECT_EQ(LoadDataset("idx", folder.path()).value().train.image, (Shape{2, 5, 6}));
}

TEST(Dataset, WarnsWhenAKnownSetIsNotThePublishedOne) {
  const TemporaryFolder folder("lowbit_mnist_");
  WriteIdxSet(folder, NoiseSet({1, 28, 28}, 20, 10), NoiseSet({1, 28, 28}, 10, 10), true);
  for (const std::string name : {"mnist", "fashion-mnist"}) {
    const Dataset set = LoadDataset(name, folder.path()).value();
    EXPECT_EQ(set.classes, 10);
    EXPECT_THAT(set.class_names, SizeIs(10));
    EXPECT_THAT(set.warnings, SizeIs(4));
    EXPECT_THAT(set.warnings[0],
                StartsWith(folder.File("train-images-idx3-ubyte.gz") +
                           ": checksum differs from the published one (structure is right; SHA-1 of the contents is "));
  }
}

TEST(Dataset, AKnownSetHasItsSizeAndClasses) {
  const TemporaryFolder sizes("lowbit_sizes_");
  WriteIdxSet(sizes, NoiseSet({1, 28, 27}, 20, 10), NoiseSet({1, 28, 27}, 10, 10));
  EXPECT_THAT(
      LoadMessage("mnist", sizes.path()),
      HasSubstr("images of mnist are [1, 28, 28], not [1, 28, 27]; other sets in this layout are read as 'idx'"));
  const TemporaryFolder labels("lowbit_labels_");
  WriteIdxSet(labels, NoiseSet({1, 28, 28}, 20, 11), NoiseSet({1, 28, 28}, 10, 10));
  EXPECT_THAT(LoadMessage("mnist", labels.path()), HasSubstr("train-labels-idx1-ubyte: offset 18: label 10"));
}

TEST(Dataset, TrainAndTestMustHaveOneSize) {
  const TemporaryFolder folder("lowbit_mixed_");
  WriteIdxSet(folder, NoiseSet({1, 4, 4}, 4, 2), NoiseSet({1, 4, 5}, 4, 2));
  EXPECT_THAT(LoadMessage("idx", folder.path()), HasSubstr("training images are [1, 4, 4], but test images are"));
}

TEST(Dataset, LoadsCifar10WithNamesAndWarnings) {
  const TemporaryFolder folder("lowbit_cifar10_");
  const ImageSet each = NoiseSet({3, 32, 32}, 10, 10);
  WriteCifar10(folder, each);
  folder.Write("batches.meta.txt",
               TextBytes("airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"));
  const Dataset set = LoadDataset("cifar10", folder.path()).value();
  EXPECT_EQ(set.classes, 10);
  EXPECT_EQ(set.train.count(), 50);
  EXPECT_EQ(set.test.pixels, each.pixels);
  EXPECT_EQ(set.class_names[9], "truck");
  EXPECT_THAT(set.warnings, SizeIs(6));
  EXPECT_THAT(set.warnings[5], HasSubstr("published 67eb016db431130d61cd03c7ad570b013799c88c"));
}

TEST(Dataset, LoadsCifar100ByItsFineLabels) {
  const TemporaryFolder folder("lowbit_cifar100_");
  folder.Write("train.bin", CifarFile(NoiseSet({3, 32, 32}, 100, 100), {19}));
  folder.Write("test.bin", CifarFile(NoiseSet({3, 32, 32}, 3, 100), {0}));
  const Dataset set = LoadDataset("cifar100", folder.path()).value();
  EXPECT_EQ(set.classes, 100);
  EXPECT_EQ(set.train.labels[99], 99);
  EXPECT_EQ(set.test.count(), 3);
}

TEST(Dataset, LoadsAnySetInCifarsLayout) {
  const TemporaryFolder folder("lowbit_cifar_");
  folder.Write("data_batch_1.bin", CifarFile(NoiseSet({3, 32, 32}, 40, 37)));
  folder.Write("data_batch_2.bin", CifarFile(NoiseSet({3, 32, 32}, 2, 37)));
  folder.Write("test_batch.bin", CifarFile(NoiseSet({3, 32, 32}, 5, 37)));
  const Dataset set = LoadDataset("cifar", folder.path()).value();
  EXPECT_EQ(set.classes, 37);
  EXPECT_EQ(set.train.count(), 42);
  EXPECT_EQ(set.test.count(), 5);
  EXPECT_THAT(set.warnings, IsEmpty());
}

TEST(Dataset, NamesTheDamagedFile) {
  const TemporaryFolder folder("lowbit_damaged_");
  WriteCifar10(folder, NoiseSet({3, 32, 32}, 2, 10));
  folder.Write("data_batch_4.bin", Bytes(3072));
  EXPECT_THAT(LoadMessage("cifar10", folder.path()), StartsWith(folder.File("data_batch_4.bin") + ": offset 0: "));
  const TemporaryFolder idx("lowbit_damaged_idx_");
  WriteIdxSet(idx, NoiseSet({1, 4, 4}, 4, 2), NoiseSet({1, 4, 4}, 4, 2));
  idx.Write("t10k-labels-idx1-ubyte", {});
  EXPECT_THAT(LoadMessage("idx", idx.path()), StartsWith(idx.File("t10k-labels-idx1-ubyte") + ": offset 0: "));
}

// Sparse files of 2^40 bytes: refused before anything is read or allocated.
TEST(Dataset, RefusesHugeFiles) {
  const TemporaryFolder folder("lowbit_huge_");
  WriteCifar10(folder, NoiseSet({3, 32, 32}, 2, 10));
  std::filesystem::resize_file(folder.File("data_batch_2.bin"), uint64_t{1} << 40);
  EXPECT_EQ(LoadMessage("cifar10", folder.path()),
            folder.File("data_batch_2.bin") + ": has 1099511627776 bytes; expected at most 17179869184");
}

TEST(Dataset, RefusesAFolderInPlaceOfAFile) {
  const TemporaryFolder folder("lowbit_folder_");
  WriteCifar10(folder, NoiseSet({3, 32, 32}, 2, 10));
  std::filesystem::remove(folder.File("test_batch.bin"));
  folder.Write("test_batch.bin/file", {1});
  EXPECT_THAT(LoadMessage("cifar10", folder.path()), HasSubstr("lacks test_batch.bin"));
}

TEST(Dataset, AnUnknownNameListsTheKnown) {
  EXPECT_THAT(LoadMessage("fashion-mnits", ""),
              AllOf(HasSubstr("did you mean 'fashion-mnist'?"), HasSubstr("cifar10, cifar100")));
  EXPECT_FALSE(FindDatasets("nothing").ok());
}

TEST(Dataset, SaysWhatIsMissingAndHowToGetIt) {
  const TemporaryFolder folder("lowbit_missing_");
  EXPECT_THAT(LoadMessage("mnist", folder.path()),
              AllOf(HasSubstr("lacks train-images-idx3-ubyte or train-images-idx3-ubyte.gz"), HasSubstr("download")));
  EXPECT_THAT(LoadMessage("mnist", folder.File("no")), HasSubstr("is not a folder"));
}

TEST(Dataset, SearchesTheFolderOfTheEnvironment) {
  const TemporaryFolder root("lowbit_root_");
  ASSERT_EQ(setenv("LOWBIT_DATA", root.path().c_str(), 1), 0);
  EXPECT_THAT(LoadMessage("cifar100", ""), AllOf(StartsWith("data set 'cifar100': not found in " + root.path()),
                                                 HasSubstr("unpack it into data or $LOWBIT_DATA")));
  const Bytes records = CifarFile(NoiseSet({3, 32, 32}, 2, 100), {0});
  root.Write("cifar-100-binary/train.bin", records);
  DatasetStatus status = FindDatasets("cifar100").value()[0];
  EXPECT_EQ(status.chosen(), nullptr);
  EXPECT_THAT(status.places[1].missing, ElementsAre("test.bin"));
  EXPECT_THAT(DescribeDatasets({status}), AllOf(HasSubstr("incomplete " + root.File("cifar-100-binary")),
                                                HasSubstr("lacks test.bin"), HasSubstr("to get it: ")));
  root.Write("cifar-100-binary/test.bin", records);
  status = FindDatasets("cifar100").value()[0];
  ASSERT_NE(status.chosen(), nullptr);
  EXPECT_EQ(status.chosen()->folder, root.File("cifar-100-binary"));
  EXPECT_THAT(DescribeDatasets({status}), HasSubstr("found      " + root.File("cifar-100-binary")));
  EXPECT_EQ(LoadDataset("cifar100", "").value().path, root.File("cifar-100-binary"));
  unsetenv("LOWBIT_DATA");
}

TEST(Dataset, EveryKindSaysWhatItIsAndHowToGetIt) {
  const std::vector<DatasetKind> kinds = DatasetKinds();
  std::vector<std::string> names;
  for (const DatasetKind& kind : kinds) {
    names.push_back(kind.name);
    EXPECT_FALSE(kind.description.empty());
    EXPECT_FALSE(kind.how_to_get.empty());
    const bool plain = kind.name == "pictures" || kind.name == "super-resolution";
    EXPECT_EQ(kind.files.empty() && kind.folders.empty(), plain);
    EXPECT_NE(kind.load, nullptr);
  }
  EXPECT_THAT(
      names, ElementsAre("an4", "cifar", "cifar10", "cifar100", "fashion-mnist", "fsdd", "idx", "image-folder", "mnist",
                         "pictures", "segmentation", "spoken-words", "super-resolution", "transcribed-speech"));
}

}  // namespace
}  // namespace lowbit::data
