#include "lowbit/base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <utility>

namespace lowbit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lowbit-file-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~FileTest() override {
    chmod(folder_.c_str(), 0755);
    std::filesystem::remove_all(folder_);
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) names.push_back(entry.path().filename());
    return names;
  }

  std::string folder_;
};

TEST_F(FileTest, WritesAndReadsBack) {
  const std::vector<uint8_t> bytes = {0, 255, 10, 13};
  ASSERT_TRUE(WriteFileAtomic(Path("a"), Span<const uint8_t>(bytes)).ok());
  EXPECT_EQ(ReadFile(Path("a")).value(), bytes);
  ASSERT_TRUE(WriteFileAtomic(Path("a"), "new text").ok());
  EXPECT_EQ(ReadTextFile(Path("a")).value(), "new text");
  ASSERT_TRUE(WriteFileAtomic(Path("a"), "").ok());
  EXPECT_EQ(ReadTextFile(Path("a")).value(), "");
  EXPECT_THAT(Names(), ElementsAre("a"));  // No temporary file is left.
}

TEST_F(FileTest, ReadingRejects) {
  ASSERT_TRUE(WriteFileAtomic(Path("a"), "12345").ok());
  EXPECT_EQ(ReadFile(Path("none")).error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(ReadFile(Path("none")).error().message, HasSubstr(Path("none") + ": cannot open"));
  EXPECT_THAT(ReadFile(folder_).error().message, HasSubstr("is not a regular file"));
  EXPECT_THAT(ReadFile(Path("a"), 4).error().message, HasSubstr("has 5 bytes; at most 4 were expected"));
  EXPECT_TRUE(ReadFile(Path("a"), 5).ok());
}

TEST_F(FileTest, AFolderThatIsMissingIsAnError) {
  const Status status = WriteFileAtomic(Path("none/a"), "x");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr(Path("none/a") + ": cannot create"));
  EXPECT_THAT(Names(), ElementsAre());
}

// A rename would put a file in its place.
TEST_F(FileTest, ADeviceOrPipeIsAnErrorAndStays) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink(Path("pipe"), Path("link"));
  for (const char* name : {"pipe", "link"}) {
    const Status status = WriteFileAtomic(Path(name), "x");
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalid);
    EXPECT_THAT(status.error().message, HasSubstr(Path(name) + ": is neither a file nor "));
  }
  EXPECT_TRUE(std::filesystem::is_fifo(Path("pipe")));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
}

TEST_F(FileTest, AnUnwritableFolderIsAnErrorAndTheOldFileSurvives) {
  ASSERT_TRUE(WriteFileAtomic(Path("a"), "old").ok());
  chmod(folder_.c_str(), 0555);
  // Root may write everywhere: there the bits mean nothing, and the next test shows the same with a full disk.
  if (geteuid() != 0) {
    const Status status = WriteFileAtomic(Path("a"), "new");
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().kind, ErrorKind::kFailed);
  }
  chmod(folder_.c_str(), 0755);
  EXPECT_EQ(ReadTextFile(Path("a")).value().substr(0, 3), "old");
  EXPECT_THAT(Names(), ElementsAre("a"));
}

// A limit on the size of files stands for the full disk: the write fails half way in the same place.
TEST_F(FileTest, AWriteThatFailsHalfWayLeavesTheOldFileAndNoOther) {
  ASSERT_TRUE(WriteFileAtomic(Path("a"), "old").ok());
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 4096;
  setrlimit(RLIMIT_FSIZE, &small);
  const Status status = WriteFileAtomic(Path("a"), std::string(100000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kFailed);
  EXPECT_THAT(status.error().message, HasSubstr(Path("a") + ": cannot write"));
  EXPECT_EQ(ReadTextFile(Path("a")).value(), "old");
  EXPECT_THAT(Names(), ElementsAre("a"));
}

TEST_F(FileTest, AFolderInTheWayIsAnError) {
  ASSERT_TRUE(MakeFolders(Path("folder")).ok());
  EXPECT_FALSE(WriteFileAtomic(Path("folder"), "x").ok());
  EXPECT_THAT(Names(), ElementsAre("folder"));
}

TEST_F(FileTest, MapsFiles) {
  ASSERT_TRUE(WriteFileAtomic(Path("a"), "mapped").ok());
  MappedFile file = MappedFile::Open(Path("a")).value();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(file.data()), file.size()), "mapped");
  const MappedFile moved = std::move(file);
  EXPECT_EQ(moved.size(), 6u);
  // Replacing the file does not change what is mapped: the old bytes live as long as the mapping.
  ASSERT_TRUE(WriteFileAtomic(Path("a"), "other!").ok());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(moved.data()), moved.size()), "mapped");
  ASSERT_TRUE(WriteFileAtomic(Path("empty"), "").ok());
  const MappedFile empty = MappedFile::Open(Path("empty")).value();
  EXPECT_EQ(empty.data(), nullptr);
  EXPECT_EQ(empty.size(), 0u);
  EXPECT_FALSE(MappedFile::Open(Path("none")).ok());
  EXPECT_FALSE(MappedFile::Open(folder_).ok());
}

TEST_F(FileTest, TellsFilesFromFolders) {
  ASSERT_TRUE(MakeFolders(Path("x/y/z")).ok());
  ASSERT_TRUE(WriteFileAtomic(Path("a"), "").ok());
  EXPECT_TRUE(FolderExists(Path("x/y/z")));
  EXPECT_FALSE(FileExists(Path("x")));
  EXPECT_TRUE(FileExists(Path("a")));
  EXPECT_FALSE(FolderExists(Path("a")));
  EXPECT_TRUE(MakeFolders(Path("x")).ok());
  for (const char* path : {"a", "a/b"}) {
    const Status status = MakeFolders(Path(path));
    ASSERT_FALSE(status.ok()) << path;
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalid) << path;
    EXPECT_THAT(status.error().message, HasSubstr(Path(path) + ": cannot create the folder"));
  }
}

}  // namespace
}  // namespace lowbit
