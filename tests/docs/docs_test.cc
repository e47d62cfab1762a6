// What the markdown files say about the tree is true: links, paths, make targets, presets and options exist.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "lowbit/base/file.h"

namespace lowbit {
namespace {

const char kRoot[] = LOWBIT_SOURCE;

std::string Read(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path);
  EXPECT_TRUE(text.ok()) << text.error().message;
  return text.ok() ? text.value() : "";
}

// The markdown files of the tree, relative to its root; build folders and runs left out.
std::vector<std::string> Documents() {
  std::vector<std::string> files;
  std::filesystem::recursive_directory_iterator entry(kRoot), end;
  for (; entry != end; ++entry) {
    const std::string path = std::filesystem::relative(entry->path(), kRoot).generic_string();
    if (entry->is_directory() && std::regex_match(path, std::regex("build.*|out|runs|\\..*"))) {
      entry.disable_recursion_pending();
    }
    if (entry->path().extension() == ".md") files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

// All first groups of `pattern` in `text`.
std::vector<std::string> Matches(const std::string& text, const std::string& pattern) {
  std::vector<std::string> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
    found.push_back((*match)[1]);
  }
  return found;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

bool Exists(const std::string& path) { return std::filesystem::exists(std::string(kRoot) + "/" + path); }

class DocumentTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::string text_ = Read(std::string(kRoot) + "/" + GetParam());
};

TEST_P(DocumentTest, LinksLeadToFiles) {
  for (const std::string& link : Matches(text_, R"(\]\(([^)#\s]+)(?:#[^)]*)?\))")) {
    if (link.find("://") != std::string::npos) continue;
    EXPECT_TRUE(Exists(FolderOf(GetParam()) + link)) << "link to " << link;
  }
}

TEST_P(DocumentTest, PathsInCodeSpansExist) {
  for (const std::string& path :
       Matches(text_, R"(`((?:lowbit|tests|docs|tools|cmake|recipes|examples|bench|python|hardware)/[\w./-]*)`)")) {
    EXPECT_TRUE(Exists(path)) << "path " << path;
  }
}

TEST_P(DocumentTest, MakeTargetsExist) {
  const std::string makefile = "\n" + Read(std::string(kRoot) + "/Makefile");
  for (const std::string& target : Matches(text_, R"((?:^|\n|`)make ([a-z-]+)[`\n ])")) {
    EXPECT_NE(makefile.find("\n" + target + ":"), std::string::npos) << "make " << target;
  }
}

TEST_P(DocumentTest, PresetsExist) {
  const std::string presets = Read(std::string(kRoot) + "/CMakePresets.json");
  for (const std::string& name : Matches(text_, R"(--preset ([a-z-]+))")) {
    EXPECT_NE(presets.find("\"name\": \"" + name + "\""), std::string::npos) << "preset " << name;
  }
}

// Whole lines that call the program: each long option is written in the sources of the command line.
TEST_P(DocumentTest, OptionsOfTheProgramExist) {
  std::string sources;
  const std::string folder = std::string(kRoot) + "/lowbit/cli";
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.path().extension() == ".cc") sources += Read(entry.path().string());
  }
  for (const std::string& line : Matches(text_, R"((?:^|\n) *(?:\$ )?(?:build/bin/)?(lowbit [a-z]+ [^\n]*))")) {
    for (const std::string& option : Matches(line, R"((--[a-z]+))")) {
      EXPECT_NE(sources.find(option), std::string::npos) << option << " in: " << line;
    }
  }
}

// "<!-- file: PATH -->" stands before a code block that is that file, letter by letter.
TEST_P(DocumentTest, QuotedFilesAreTheFiles) {
  const std::string mark = "<!-- file: ";
  for (size_t at = text_.find(mark); at != std::string::npos; at = text_.find(mark, at + 1)) {
    const size_t path_begin = at + mark.size();
    const std::string path = text_.substr(path_begin, text_.find(' ', path_begin) - path_begin);
    const size_t block = text_.find('\n', text_.find("\n```", at) + 1) + 1;
    EXPECT_EQ(text_.substr(block, text_.find("\n```", block) + 1 - block), Read(std::string(kRoot) + "/" + path))
        << path;
  }
}

INSTANTIATE_TEST_SUITE_P(Docs, DocumentTest, ::testing::ValuesIn(Documents()), [](const auto& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

TEST(DocumentsTest, TheFilesEveryoneLooksForAreThere) {
  for (const char* file : {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/README.md"}) {
    EXPECT_TRUE(Exists(file)) << file;
  }
}

}  // namespace
}  // namespace lowbit
