// The C interface, on files that are written here; and examples/classify.c.

#include "lowbit/runtime/lowbit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/file.h"
#include "lowbit/core/graph.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An image of 1x2x2 pixels; three classes: top row + 0.5, bottom row, top row - bottom row.
Graph ThreeClasses() {
  Graph graph;
  graph.name = "three";
  graph.inputs = {{"image", {kDynamic, 1, 2, 2}}};
  graph.outputs = {"logits"};
  graph.nodes = {{"flat", "Flatten", {"image"}, {"rows"}, {}},
                 {"fc", "Gemm", {"rows", "fc.weight", "fc.bias"}, {"logits"}, {{"transB", int64_t{1}}}}};
  QTensor weight;
  weight.shape = {3, 4};
  weight.values = ValueSet::Ternary();
  weight.codes = {2, 2, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0};
  weight.scales = {1, 1, 1};
  graph.parameters["fc.weight"].value = weight;
  graph.parameters["fc.bias"].value = FloatTensor({3}, {0.5f, 0, 0});
  graph.metadata["labels"] = "top\nbottom\ndifference";
  return graph;
}

// Batches of two rows: their difference and their sums; and the sum of all, a single number.
Graph TwoInTwoOut() {
  Graph graph;
  graph.name = "two";
  graph.inputs = {{"a", {2, 3}}, {"b", {2, 3}}};
  graph.outputs = {"difference", "total"};
  graph.nodes = {{"subtract", "Sub", {"a", "b"}, {"difference"}, {}},
                 {"add", "Add", {"a", "b"}, {"sum"}, {}},
                 {"reduce", "ReduceSum", {"sum"}, {"total"}, {{"keepdims", int64_t{0}}}}};
  return graph;
}

// A folder that lives as long as the test.
class CApi : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lowbit_c_test_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    ASSERT_TRUE(lbm::Write(ThreeClasses(), Path("net.lbm")).ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Not synced to the disk, unlike WriteFileAtomic: thousands of small files take no time.
  void WriteBytes(const std::string& file, const uint8_t* bytes, size_t size) const {
    std::ofstream(Path(file), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  }

  std::string Path(const std::string& file) const { return folder_ + "/" + file; }

  using Handle = std::unique_ptr<lowbit_model, void (*)(lowbit_model*)>;
  Handle Load(const std::string& file) {
    return Handle(lowbit_model_load(Path(file).c_str(), 1, error_, sizeof(error_)), lowbit_model_free);
  }

  std::string folder_;
  char error_[256] = "untouched";
};

TEST_F(CApi, LoadsAndRuns) {
  const Handle model = Load("net.lbm");
  ASSERT_NE(model, nullptr) << error_;
  EXPECT_STREQ(error_, "untouched");
  EXPECT_EQ(lowbit_model_input_count(model.get()), 1u);
  EXPECT_EQ(lowbit_model_output_count(model.get()), 1u);
  EXPECT_STREQ(lowbit_model_input_name(model.get(), 0), "image");
  EXPECT_STREQ(lowbit_model_output_name(model.get(), 0), "logits");
  EXPECT_EQ(lowbit_model_output_name(model.get(), 1), nullptr);
  int64_t shape[4] = {};
  ASSERT_EQ(lowbit_model_input_shape(model.get(), 0, shape, 4), 4u);
  EXPECT_THAT(shape, ElementsAre(LOWBIT_ANY, 1, 2, 2));
  ASSERT_EQ(lowbit_model_output_shape(model.get(), 0, shape, 1), 2u) << "more dimensions than the array holds";
  EXPECT_THAT(shape, ElementsAre(LOWBIT_ANY, 1, 2, 2));
  EXPECT_STREQ(lowbit_model_metadata(model.get(), "labels"), "top\nbottom\ndifference");
  EXPECT_EQ(lowbit_model_metadata(model.get(), "nothing"), nullptr);
  EXPECT_GT(lowbit_model_planned_bytes(model.get()), 0u);

  const float pixels[8] = {1, 2, 3, 5, 8, 0, 1, 1};
  float logits[6] = {};
  ASSERT_EQ(lowbit_model_run(model.get(), pixels, 8, 2, logits, 6, error_, sizeof(error_)), LOWBIT_OK) << error_;
  EXPECT_THAT(logits, ElementsAre(3.5f, 8, -5, 8.5f, 2, 6));
}

TEST_F(CApi, RunsSeveralInputsAndOutputs) {
  ASSERT_TRUE(lbm::Write(TwoInTwoOut(), Path("two.lbm")).ok());
  const Handle model = Load("two.lbm");
  ASSERT_NE(model, nullptr) << error_;
  const float a[12] = {1, 2, 3, 4, 5, 6, 1, 1, 1, 1, 1, 1}, b[12] = {6, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 2};
  float difference[12] = {}, total[2] = {};
  const float* inputs[] = {a, b};
  float* outputs[] = {difference, total};
  size_t input_counts[] = {6, 6}, output_counts[] = {6, 1};
  const auto run = [&](size_t inputs_given, int64_t batch, size_t outputs_given) {
    return lowbit_model_run_many(model.get(), inputs, input_counts, inputs_given, batch, outputs, output_counts,
                                 outputs_given, error_, sizeof(error_));
  };
  ASSERT_EQ(run(2, 2, 2), LOWBIT_OK) << error_;
  EXPECT_THAT(std::vector<float>(difference, difference + 6), ElementsAre(-5, -3, -1, 1, 3, 5));
  EXPECT_EQ(total[0], 42);
  input_counts[0] = input_counts[1] = output_counts[0] = 12;
  output_counts[1] = 2;
  ASSERT_EQ(run(2, 4, 2), LOWBIT_OK) << error_;
  EXPECT_THAT(difference, ElementsAre(-5, -3, -1, 1, 3, 5, 1, 1, 1, 1, 1, -1));
  EXPECT_THAT(total, ElementsAre(42, 8));

  EXPECT_EQ(run(1, 4, 2), LOWBIT_INVALID);
  EXPECT_STREQ(error_, "graph 'two' has 2 inputs and 2 outputs; given are 1 and 2");
  EXPECT_EQ(run(2, 3, 2), LOWBIT_INVALID);
  EXPECT_EQ(run(2, 2, 2), LOWBIT_INVALID);
  EXPECT_STREQ(error_, "input 'a' has 12 values; expected 6");
  outputs[1] = nullptr;
  EXPECT_EQ(run(2, 4, 2), LOWBIT_INVALID);
  EXPECT_STREQ(error_, "model, inputs and outputs must not be null");
  EXPECT_EQ(lowbit_model_run_many(model.get(), nullptr, nullptr, 0, 4, nullptr, nullptr, 0, nullptr, 0),
            LOWBIT_INVALID);
}

TEST_F(CApi, TellsTheShapesOfABatch) {
  ASSERT_TRUE(lbm::Write(TwoInTwoOut(), Path("two.lbm")).ok());
  const Handle three = Load("net.lbm"), two = Load("two.lbm");
  ASSERT_NE(two, nullptr) << error_;
  const auto shape = [&](const Handle& model, size_t index, int64_t batch) {
    std::vector<int64_t> extents(8);
    size_t rank = 0;
    const int status =
        lowbit_model_output_shape_of_batch(model.get(), index, batch, extents.data(), 8, &rank, error_, sizeof(error_));
    extents.resize(status == LOWBIT_OK ? rank : 0);
    return extents;
  };
  EXPECT_THAT(shape(three, 0, 5), ElementsAre(5, 3));
  EXPECT_THAT(shape(two, 0, 2), ElementsAre(2, 3));
  EXPECT_THAT(shape(two, 0, 6), ElementsAre(6, 3));
  EXPECT_THAT(shape(two, 1, 2), ElementsAre());
  EXPECT_STREQ(error_, "untouched");
  EXPECT_THAT(shape(two, 1, 6), ElementsAre(3));
  EXPECT_THAT(shape(two, 1, 3), ElementsAre());
  EXPECT_STREQ(error_, "graph 'two' takes batches of 2, and multiples of it; the batch is 3");
  EXPECT_EQ(lowbit_model_output_shape_of_batch(two.get(), 2, 2, nullptr, 0, nullptr, nullptr, 0), LOWBIT_INVALID);
}

TEST_F(CApi, OpensWithOptions) {
  lowbit_options options = {};
  options.size = sizeof(options);
  options.threads = 2;
  options.strict = 1;
  options.no_self_test = 1;
  const Handle model(lowbit_model_open(Path("net.lbm").c_str(), &options, error_, sizeof(error_)), lowbit_model_free);
  ASSERT_NE(model, nullptr) << error_;
  ASSERT_EQ(lowbit_model_node_count(model.get()), 2u);
  EXPECT_STREQ(lowbit_model_node_name(model.get(), 1), "fc");
  EXPECT_STREQ(lowbit_model_node_kernel(model.get(), 0), "alias");
  EXPECT_STREQ(lowbit_model_node_kernel(model.get(), 1), "gemm_f32_ternary");
  EXPECT_STREQ(lowbit_model_node_reason(model.get(), 0), "");
  EXPECT_STREQ(lowbit_model_node_reason(model.get(), 1), "its input is not quantized to 8 bits or less");
  EXPECT_STRNE(lowbit_model_node_target(model.get(), 1), "");
  EXPECT_EQ(lowbit_model_node_kernel(model.get(), 2), nullptr);
  options.size = 0;
  EXPECT_EQ(lowbit_model_open(Path("net.lbm").c_str(), &options, error_, sizeof(error_)), nullptr);
  EXPECT_STREQ(error_, "options.size is not sizeof(lowbit_options)");
  EXPECT_EQ(lowbit_model_open(Path("net.lbm").c_str(), nullptr, error_, sizeof(error_)), nullptr);
}

TEST_F(CApi, RefusesWrongSizes) {
  const Handle model = Load("net.lbm");
  ASSERT_NE(model, nullptr);
  const float pixels[8] = {};
  float logits[6] = {};
  EXPECT_EQ(lowbit_model_run(model.get(), pixels, 7, 2, logits, 6, error_, sizeof(error_)), LOWBIT_INVALID);
  EXPECT_STREQ(error_, "input 'image' has 7 values; expected 8");
  EXPECT_EQ(lowbit_model_run(model.get(), pixels, 8, 2, logits, 3, error_, sizeof(error_)), LOWBIT_INVALID);
  EXPECT_STREQ(error_, "output 'logits' has 3 values; expected 6");
  for (const int64_t batch : {int64_t{0}, int64_t{-1}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(lowbit_model_run(model.get(), pixels, 8, batch, logits, 6, error_, sizeof(error_)), LOWBIT_INVALID);
    EXPECT_THAT(error_, HasSubstr("batch must be in 1..2^31"));
  }
  EXPECT_EQ(lowbit_model_run(model.get(), nullptr, 0, 1, logits, 6, error_, sizeof(error_)), LOWBIT_INVALID);
  EXPECT_STREQ(error_, "model, inputs and outputs must not be null");
  EXPECT_EQ(lowbit_model_run(nullptr, pixels, 8, 2, logits, 6, nullptr, 0), LOWBIT_INVALID);
}

TEST_F(CApi, ReportsEveryDamagedByte) {
  const std::vector<uint8_t> good = ReadFile(Path("net.lbm")).value();
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<uint8_t> bad = good;
    bad[i] ^= 0x10;
    WriteBytes("bad.lbm", bad.data(), bad.size());
    EXPECT_EQ(Load("bad.lbm"), nullptr) << "byte " << i;
    EXPECT_THAT(error_, HasSubstr("bad.lbm"));
  }
  for (const size_t size : {size_t{0}, size_t{1}, good.size() / 2, good.size() - 1}) {
    WriteBytes("bad.lbm", good.data(), size);
    EXPECT_EQ(Load("bad.lbm"), nullptr) << size << " bytes";
  }
}

TEST_F(CApi, ReportsWhatCannotBeLoaded) {
  EXPECT_EQ(Load("missing.lbm"), nullptr);
  EXPECT_THAT(error_, HasSubstr("missing.lbm"));
  EXPECT_EQ(lowbit_model_load(nullptr, 1, error_, sizeof(error_)), nullptr);
  EXPECT_EQ(lowbit_model_load(Path("net.lbm").c_str(), -1, error_, sizeof(error_)), nullptr);
  EXPECT_THAT(error_, HasSubstr("threads must be in 0..1024"));
  EXPECT_EQ(lowbit_model_load(Path("missing.lbm").c_str(), 1, nullptr, 0), nullptr);
}

TEST_F(CApi, CutsErrorsToTheBuffer) {
  char small[8] = "xxxxxxx";
  EXPECT_EQ(lowbit_model_load(nullptr, 1, small, 5), nullptr);
  EXPECT_STREQ(small, "no p");
  EXPECT_EQ(small[5], 'x');
}

TEST(CApiNull, IsHarmless) {
  lowbit_model_free(nullptr);
  EXPECT_EQ(lowbit_model_input_count(nullptr), 0u);
  EXPECT_EQ(lowbit_model_output_count(nullptr), 0u);
  EXPECT_EQ(lowbit_model_input_name(nullptr, 0), nullptr);
  EXPECT_EQ(lowbit_model_input_shape(nullptr, 0, nullptr, 0), 0u);
  EXPECT_EQ(lowbit_model_metadata(nullptr, "labels"), nullptr);
  EXPECT_EQ(lowbit_model_node_count(nullptr), 0u);
  EXPECT_EQ(lowbit_model_node_kernel(nullptr, 0), nullptr);
  EXPECT_EQ(lowbit_model_planned_bytes(nullptr), 0u);
  EXPECT_NE(lowbit_version(), nullptr);
}

std::string OutputOf(const std::string& command, int* status) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  for (int c; (c = fgetc(pipe)) != EOF;) text += static_cast<char>(c);
  *status = pclose(pipe);
  return text;
}

TEST(SharedLibrary, ShowsNothingButItsFunctions) {
  int status = 0;
  const std::string names =
      OutputOf("nm -D --defined-only --format=posix " LOWBIT_SHARED_LIBRARY " | cut -d' ' -f1", &status);
  ASSERT_EQ(status, 0);
  size_t count = 0;
  for (size_t at = 0; at < names.size(); at = names.find('\n', at) + 1, ++count) {
    EXPECT_EQ(names.compare(at, 7, "lowbit_"), 0) << names.substr(at, names.find('\n', at) - at);
  }
  EXPECT_EQ(count, 20u);
}

TEST_F(CApi, ExampleClassifies) {
  const std::vector<uint8_t> top = {9, 9, 0, 1}, bottom = {0, 1, 9, 9};
  WriteBytes("top.raw", top.data(), top.size());
  WriteBytes("bottom.raw", bottom.data(), bottom.size());
  const std::string program = std::string(LOWBIT_CLASSIFY) + " " + Path("net.lbm") + " ";
  int status = 0;
  EXPECT_EQ(OutputOf(program + Path("top.raw") + " " + Path("bottom.raw"), &status),
            Path("top.raw") + ": 0 top\n" + Path("bottom.raw") + ": 1 bottom\n");
  EXPECT_EQ(status, 0);
  EXPECT_THAT(OutputOf(program + Path("net.lbm") + " 2>&1", &status), HasSubstr("not a file of 4 bytes"));
  EXPECT_NE(status, 0);
}

}  // namespace
}  // namespace lowbit
