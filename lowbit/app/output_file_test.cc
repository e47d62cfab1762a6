#include "lowbit/app/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "lowbit/base/file.h"
#include "lowbit/data/test_files.h"

namespace lowbit::app {
namespace {

using ::testing::HasSubstr;

std::string Message(const std::string& path, const std::vector<std::string>& inputs,
                    const std::string& ending = ".lbm") {
  const Status checked = CheckOutput(path, inputs, ending);
  return checked.ok() ? "ok" : checked.error().message;
}

TEST(CheckOutput, TakesWhatIsNewAndWhatIsNotRead) {
  const data::TemporaryFolder folder("lowbit_output_");
  folder.Write("in.lbm", {1});
  folder.Write("old.lbm", {2});
  for (const char* name : {"new.lbm", "old.lbm"}) {
    EXPECT_EQ(Message(folder.File(name), {folder.File("in.lbm"), "", folder.File("nothing")}), "ok");
    EXPECT_EQ(FileExists(folder.File(name)), name == std::string("old.lbm"));
  }
}

TEST(CheckOutput, SaysWhatIsWrongWithTheName) {
  const data::TemporaryFolder folder("lowbit_output_");
  EXPECT_THAT(Message("", {}), HasSubstr("-o: is empty"));
  EXPECT_EQ(Message(folder.path(), {}), folder.path() + ": is a folder; the name of a file was expected");
  EXPECT_THAT(Message(folder.File("no/x.lbm"), {}),
              HasSubstr("no/x.lbm: cannot be written, since there is no folder "));
}

TEST(CheckOutput, NoFileBeliesItsName) {
  EXPECT_EQ(Message("x.onnx", {}),
            "x.onnx: would be the wrong name for what is written; one that ends in .lbm was expected");
  EXPECT_THAT(Message("x.lbm", {}, ".onnx"), HasSubstr("one that ends in .onnx was expected"));
  for (const char* name : {"x.onnx", "x", "x.lbm.old", ".lbm", "x.bin"})
    EXPECT_EQ(Message(name, {}, ".onnx"), "ok") << name;
}

TEST(CheckOutput, KeepsWhatIsRead) {
  const data::TemporaryFolder folder("lowbit_output_");
  folder.Write("in.lbm", {1});
  std::filesystem::create_symlink(folder.File("in.lbm"), folder.File("link.lbm"));
  std::filesystem::create_hard_link(folder.File("in.lbm"), folder.File("hard.lbm"));
  for (const char* name : {"in.lbm", "link.lbm", "hard.lbm", "./in.lbm"}) {
    EXPECT_EQ(Message(folder.File(name), {"other", folder.File("in.lbm")}),
              folder.File(name) + ": is read here and would be lost; write to another file");
  }
}

TEST(CheckOutput, KeepsARunButForItsPackedNetwork) {
  const data::TemporaryFolder folder("lowbit_output_");
  for (const char* name : {"checkpoint.safetensors", "run.json", "model.lbm"}) folder.Write(name, {1});
  EXPECT_THAT(Message(folder.File("checkpoint.safetensors"), {folder.path()}, ".safetensors"),
              HasSubstr("would be lost"));
  EXPECT_THAT(Message(folder.File("run.json"), {folder.path()}), HasSubstr("would be lost"));
  EXPECT_EQ(Message(folder.File("model.lbm"), {folder.path()}), "ok");
}

}  // namespace
}  // namespace lowbit::app
