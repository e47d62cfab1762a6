#include "lowbit/data/class_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/test_files.h"

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<ClassList> Read(const std::string& text) {
  const TemporaryFolder folder("lowbit_classes_");
  folder.Write("classes.txt", Bytes(text.begin(), text.end()));
  return ReadClassList(folder.File("classes.txt"));
}

TEST(ClassList, TakesFoldersAndNamesLineByLine) {
  const ClassList list = Read("n02 tench, Tinca tinca\r\nn01\t goldfish \n  cat\n\n").value();
  EXPECT_THAT(list.folders, ElementsAre("n02", "n01", "cat"));
  EXPECT_THAT(list.names, ElementsAre("tench, Tinca tinca", "goldfish", "cat"));
}

TEST(ClassList, RefusesWhatIsNoList) {
  EXPECT_THAT(Read("").error().message, HasSubstr("classes.txt: lists 0 classes; two or more"));
  EXPECT_THAT(Read("cat\n").error().message, HasSubstr("lists 1 classes"));
  EXPECT_THAT(Read("cat\n\ndog").error().message, HasSubstr("classes.txt: line 2: is empty"));
  EXPECT_THAT(Read("cat\ndog\ncat x\n").error().message, HasSubstr("line 3: 'cat' is there already"));
  EXPECT_THAT(ReadClassList("/nowhere/classes.txt").error().message, HasSubstr("/nowhere/classes.txt"));
}

}  // namespace
}  // namespace lowbit::data
