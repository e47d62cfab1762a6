#include "tests/architecture/include_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace lowbit::architecture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kMarkdown[] = R"(# Title
<!-- table: libraries -->

| library | may include | what it holds |
|---|---|---|
| `base` | - | words |
| `core` | base | words, with a comma |
| `format/lbm` | base, core | |
| `format/onnx` | base, core | |
| `report` | base, format | |
| `train` | base, core | |

Prose.

<!-- table: third-party headers -->
| headers | only in |
|---|---|
| `torch/`, `ATen/` | train |
| `google/protobuf/` | format/onnx |
| `fmt/` | * |
)";

Rules TestRules() {
  const Result<Rules> rules = ParseRules(kMarkdown);
  EXPECT_TRUE(rules.ok()) << rules.error().message;
  return rules.ok() ? rules.value() : Rules();
}

// A tree of files in a temporary folder.
class FakeTree {
 public:
  FakeTree() : root_(::testing::TempDir() + "lowbit_architecture_" + std::to_string(getpid())) {}
  ~FakeTree() { std::filesystem::remove_all(root_); }

  void Add(const std::string& file, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + "/" + file).parent_path());
    std::ofstream(root_ + "/" + file) << text;
  }

  std::vector<std::string> Violations() const {
    const auto includes = ReadIncludes(root_, {"lowbit", "tests", "bench"});
    EXPECT_TRUE(includes.ok());
    return architecture::Violations(TestRules(), includes.value());
  }

 private:
  std::string root_;
};

TEST(ParseRulesTest, ReadsBothTables) {
  const Rules rules = TestRules();
  EXPECT_EQ(rules.may_include.size(), 6u);
  EXPECT_THAT(rules.may_include.at("base"), IsEmpty());
  EXPECT_THAT(rules.may_include.at("format/lbm"), ElementsAre("base", "core"));
  EXPECT_THAT(rules.third_party.at("ATen/"), ElementsAre("train"));
}

TEST(ParseRulesTest, RejectsMissingTableAndUnknownLibrary) {
  EXPECT_THAT(ParseRules("# Title\n").error().message, HasSubstr("no table follows"));
  std::string text = kMarkdown;
  text.replace(text.find("| base, core |"), 14, "| base, cora |");
  EXPECT_THAT(ParseRules(text).error().message, HasSubstr("'cora', which has no row"));
}

TEST(ViolationsTest, AcceptsATreeThatKeepsItsDirection) {
  FakeTree tree;
  tree.Add("lowbit/base/a.h", "#include <vector>\n#include <sys/mman.h>\n");
  tree.Add("lowbit/core/b.cc", "#include \"lowbit/base/a.h\"\n#include <fmt/core.h>\n");
  tree.Add("lowbit/train/t.cc", "#include <torch/torch.h>\n#include \"lowbit/core/b.h\"\n");
  tree.Add("lowbit/report/r.cc", "#include \"lowbit/format/lbm/l.h\"\n");
  tree.Add("tests/x/x.cc", "#include \"lowbit/train/t.h\"\n#include <torch/torch.h>\n#include \"tests/x/x.h\"\n");
  EXPECT_THAT(tree.Violations(), IsEmpty());
}

TEST(ViolationsTest, NamesAnIncludeAgainstTheTable) {
  FakeTree tree;
  tree.Add("lowbit/base/a.h", "\n#include \"lowbit/core/b.h\"\n");
  EXPECT_THAT(tree.Violations(),
              ElementsAre("lowbit/base/a.h:2: 'lowbit/core/b.h' runs against the table: base may not "
                          "include core"));
}

TEST(ViolationsTest, SiblingFormatsAreDifferentLibraries) {
  FakeTree tree;
  tree.Add("lowbit/format/lbm/a.h", "#  include \"lowbit/format/onnx/b.h\"  // why not\n");
  EXPECT_THAT(tree.Violations(), ElementsAre(HasSubstr("format/lbm may not include format/onnx")));
}

TEST(ViolationsTest, ThirdPartyHeadersStayInTheirLibraries) {
  FakeTree tree;
  tree.Add("lowbit/core/a.cc", "#include <torch/torch.h>\n");
  tree.Add("lowbit/format/lbm/b.cc", "#include <google/protobuf/message.h>\n");
  tree.Add("lowbit/train/c.cc", "#include <Eigen/Core>\n");
  EXPECT_THAT(tree.Violations(), ElementsAre(HasSubstr("'torch/torch.h' is not for core"),
                                             HasSubstr("is not for format/lbm"), HasSubstr("is neither")));
}

TEST(ViolationsTest, RelativeIncludesAndUnknownFoldersAreNamed) {
  FakeTree tree;
  tree.Add("lowbit/core/a.cc", "#include \"../base/a.h\"\n#include \"lowbit/extra/b.h\"\n");
  tree.Add("lowbit/extra/c.cc", "#include <vector>\n");
  EXPECT_THAT(tree.Violations(),
              ElementsAre(HasSubstr("'../base/a.h' is neither"), HasSubstr("'lowbit/extra/b.h' is in no library"),
                          HasSubstr("lowbit/extra/c.cc is in no library")));
}

TEST(ViolationsTest, LibrariesMayNotIncludeTestsOrBenches) {
  FakeTree tree;
  tree.Add("lowbit/train/a.cc", "#include \"tests/x/x.h\"\n");
  EXPECT_THAT(tree.Violations(), ElementsAre(HasSubstr("nothing below lowbit/ may include tests")));
}

TEST(ViolationsTest, FoldersThatIncludeEachOtherAreNamed) {
  FakeTree tree;
  tree.Add("lowbit/core/a.cc", "#include \"lowbit/core/ops/conv.h\"\n");
  tree.Add("lowbit/core/ops/conv.cc", "#include \"lowbit/core/a.h\"\n");
  EXPECT_THAT(tree.Violations(), ElementsAre(HasSubstr("lowbit/core and lowbit/core/ops include each other")));
}

TEST(ViolationsTest, ATestBesideTheCodeMakesNoPair) {
  FakeTree tree;
  tree.Add("lowbit/core/a_test.cc", "#include \"lowbit/core/ops/conv.h\"\n");
  tree.Add("lowbit/core/ops/conv.cc", "#include \"lowbit/core/a.h\"\n");
  EXPECT_THAT(tree.Violations(), IsEmpty());
}

}  // namespace
}  // namespace lowbit::architecture
