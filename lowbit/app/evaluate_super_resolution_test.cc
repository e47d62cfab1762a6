#include "lowbit/app/evaluate_super_resolution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lowbit/data/test_files.h"
#include "lowbit/data/test_png.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/models/model.h"

namespace lowbit::app {
namespace {

using ::testing::HasSubstr;

class EvaluateSuperResolutionTest : public testing::Test {
 protected:
  EvaluateSuperResolutionTest() : folder_("evaluate_super_resolution") {
    WritePicture("a.png", 24, 31);
    WritePicture("b.png", 20, 20);
  }

  void WritePicture(const std::string& name, uint32_t height, uint32_t width) const {
    const data::ImageSet noise = data::NoiseSet({1, height, width}, 1, 1, 7);
    folder_.Write("pictures/" + name, data::Png(PNG_FORMAT_GRAY, height, width, noise.pixels.data()));
  }

  // A packed network called `name` whose last layer has these weights everywhere.
  std::string WriteNetwork(const std::string& name, float last) const {
    models::ModelInput input;
    input.image = {1, 8, 8};
    input.classes = 3;
    const Config options = {ConfigTable{{"width", {int64_t{4}, ""}}}, ""};
    Graph graph = models::BuildModel(name, input, name == "vdsr" ? options : Config(), 1).value();
    const auto output = graph.parameters.find("output.weight");
    if (output != graph.parameters.end()) {
      auto& values = std::get<FloatTensor>(output->second.value).data;
      std::fill(values.begin(), values.end(), last);
    }
    std::string path = folder_.File(name + ".lbm");
    EXPECT_TRUE(lbm::Write(graph, path).ok());
    return path;
  }

  std::string Pictures() const { return "super-resolution:" + folder_.File("pictures"); }

  data::TemporaryFolder folder_;
};

TEST_F(EvaluateSuperResolutionTest, ANetworkThatAddsNothingIsBicubic) {
  const SuperResolution result = EvaluateSuperResolution(WriteNetwork("vdsr", 0), Pictures(), 3, 1).value();
  ASSERT_EQ(result.pictures.size(), 2U);
  EXPECT_EQ(result.pictures[0].name, "a.png");
  EXPECT_EQ(result.pictures[0].height, 24);
  EXPECT_EQ(result.pictures[0].width, 30);
  EXPECT_EQ(result.pictures[1].height, 18);
  for (const SuperResolution::Picture& picture : result.pictures) {
    EXPECT_GT(picture.bicubic, 5);
    EXPECT_LT(picture.bicubic, 30);
    EXPECT_EQ(picture.network, picture.bicubic);
  }
  EXPECT_EQ(result.MeanNetwork(), (result.pictures[0].network + result.pictures[1].network) / 2);
  const nlohmann::json json = nlohmann::json::parse(ToJson(result));
  EXPECT_EQ(json.at("psnr"), result.MeanNetwork());
  EXPECT_EQ(json.at("pictures").size(), 2U);
  EXPECT_THAT(ToText(result), HasSubstr("a.png"));
}

TEST_F(EvaluateSuperResolutionTest, AnotherNetworkIsAnother) {
  const SuperResolution result = EvaluateSuperResolution(WriteNetwork("vdsr", 0.1f), Pictures(), 2, 1).value();
  EXPECT_NE(result.MeanNetwork(), result.MeanBicubic());
}

TEST_F(EvaluateSuperResolutionTest, SaysWhatDoesNotFit) {
  const auto error = [](const std::string& path, const std::string& data, int64_t scale) {
    return EvaluateSuperResolution(path, data, scale, 1).error().message;
  };
  const std::string network = WriteNetwork("vdsr", 0);
  EXPECT_THAT(error(network, "super-resolution", 2), HasSubstr("super-resolution:FOLDER"));
  EXPECT_THAT(error(network, "super-resolution:/nothing/here", 2), HasSubstr("/nothing/here"));
  EXPECT_THAT(error(network, Pictures(), 10), HasSubstr("three times the scale"));
  EXPECT_THAT(error(WriteNetwork("small", 0), Pictures(), 2), HasSubstr("small.lbm"));
}

TEST(IsSuperResolution, GoesByTheName) {
  EXPECT_TRUE(IsSuperResolution("super-resolution"));
  EXPECT_TRUE(IsSuperResolution("super-resolution:/a"));
  EXPECT_FALSE(IsSuperResolution("super-resolutions:/a"));
  EXPECT_FALSE(IsSuperResolution("cifar10"));
}

}  // namespace
}  // namespace lowbit::app
