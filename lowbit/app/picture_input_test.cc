#include "lowbit/app/picture_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/base/file.h"
#include "lowbit/core/evaluate.h"

namespace lowbit::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Gives the channels of one pixel as logits; of as many channels last, of the image's one row.
Graph Echo(Shape image) {
  Graph graph;
  graph.name = "echo";
  image.insert(image.begin(), kDynamic);
  graph.inputs = {{"x", image}};
  graph.nodes = {{"flat", "Flatten", {"x"}, {"logits"}, {}}};
  graph.outputs = {"logits"};
  return graph;
}

std::vector<double> Answer(const PictureInput& input, Shape image, const std::vector<double>& pixels,
                           std::string* note) {
  Graph graph = Echo(std::move(image));
  const Status status = TakePictures(input, &graph);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  *note = graph.metadata["pixels"];
  return Evaluate(graph, {{"x", DoubleTensor({1, 3, 1, 1}, pixels)}}).value().at("logits").data;
}

std::string Problem(const PictureInput& input, Graph graph = Echo({3, 1, 1})) {
  const Status status = TakePictures(input, &graph);
  return status.ok() ? "" : status.error().message;
}

TEST(PictureInput, PixelsBecomeWhatTheNetworkWasTrainedOn) {
  std::string note;
  PictureInput torch;
  torch.mean = {0.5, 0.25, 0};
  torch.std = {0.5, 0.25, 1};
  const std::vector<double> got = Answer(torch, {3, 1, 1}, {0, 255, 127.5}, &note);
  const std::vector<double> wanted = {-1, 3, 0.5};
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(got[i], wanted[i], 1e-6);
  EXPECT_EQ(note, "0..1, mean 0.5,0.25,0, std 0.5,0.25,1");
}

TEST(PictureInput, ARangeOfItsOwnAndBlueFirst) {
  std::string note;
  PictureInput caffe;
  caffe.mean = {103.5, 116.5, 123.5};
  caffe.range = 255;
  caffe.bgr = true;
  EXPECT_THAT(Answer(caffe, {3, 1, 1}, {1, 2, 3}, &note), ElementsAre(3 - 103.5, 2 - 116.5, 1 - 123.5));
  EXPECT_EQ(note, "bgr, 0..255, mean 103.5,116.5,123.5");
  PictureInput bgr;
  bgr.bgr = true;
  EXPECT_THAT(Answer(bgr, {3, 1, 1}, {1, 2, 3}, &note), ElementsAre(3, 2, 1));
  EXPECT_EQ(note, "bgr, 0..255");
}

TEST(PictureInput, ChannelsLastAreTurnedBeforeTheyAreNormalized) {
  std::string note;
  PictureInput input;
  input.channels_last = true;
  input.mean = {1, 2, 3};
  input.range = 255;
  EXPECT_THAT(Answer(input, {1, 1, 3}, {1, 4, 9}, &note), ElementsAre(0, 2, 6));
}

TEST(PictureInput, RawPixelsStayAsTheyAre) {
  Graph graph = Echo({3, 1, 1});
  ASSERT_TRUE(TakePictures({}, &graph).ok());
  EXPECT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.metadata.count("pixels"), 0u);
}

TEST(PictureInput, AdvisesWhereNothingWasSaid) {
  PictureInput mean;
  mean.mean = {0.5};
  EXPECT_THAT(PixelAdvice({}, Echo({3, 2, 2})), HasSubstr("pixels 0..255 as they are"));
  EXPECT_EQ(PixelAdvice(mean, Echo({3, 2, 2})), "");
  EXPECT_EQ(PixelAdvice({}, Echo({3})), "");
  EXPECT_EQ(PixelAdvice({}, Echo({8, 2, 2})), "");
  Graph own = Echo({3, 2, 2});
  own.metadata["recipe"] = "r";
  EXPECT_EQ(PixelAdvice({}, own), "");
}

TEST(PictureInput, ClassesGetNames) {
  const std::string path = ::testing::TempDir() + "classes.txt";
  ASSERT_TRUE(WriteFileAtomic(path, std::string("n1 cat\nn2 dog\nn3 a bird\n")).ok());
  PictureInput input;
  input.classes = path;
  input.resize = 8;
  Graph graph = Echo({3, 1, 1});
  ASSERT_TRUE(TakePictures(input, &graph).ok());
  EXPECT_EQ(graph.metadata["labels"], "cat\ndog\na bird");
  EXPECT_EQ(graph.metadata["class_folders"], "n1\nn2\nn3");
  EXPECT_EQ(graph.metadata["resize"], "8");
  EXPECT_THAT(Problem(input, Echo({5, 1, 1})), HasSubstr("is [1, 5] for an image; " + path + " names 3 classes"));
}

TEST(PictureInput, RefusesWhatFitsNothing) {
  PictureInput input;
  input.std = {1, 0, 1};
  EXPECT_EQ(Problem(input), "each std of its pixels must be above 0");
  input.std = {1, 1};
  EXPECT_EQ(Problem(input), "the input's scale has 2 values; expected 1 or 3");
  input = {};
  input.range = -1;
  EXPECT_EQ(Problem(input), "the range of its pixels must be above 0");
  input = {};
  input.bgr = true;
  EXPECT_THAT(Problem(input, Echo({3})), HasSubstr("expected one input of images"));
  EXPECT_EQ(Problem(input, Echo({1, 2, 2})), "takes images of 1 channels; only those of 3 can have blue first");
  input = {};
  input.channels_last = true;
  EXPECT_EQ(Problem(input, Echo({3, 8, 8})), "has 8 channels last; pictures have 1 or 3");
  input = {};
  for (const int64_t resize : {-1, 7, 8193}) {
    input.resize = resize;
    EXPECT_EQ(Problem(input, Echo({3, 8, 8})), "the length that pictures are resized to is " + std::to_string(resize) +
                                                   "; expected 8, the network's, to 8192");
  }
  input.resize = 8;
  EXPECT_EQ(Problem(input, Echo({3, 8, 8})), "");
  EXPECT_EQ(Problem(input, Echo({3, 8, 9})),
            "only a network of square images can have pictures resized, not one of [-1, 3, 8, 9]");
}

}  // namespace
}  // namespace lowbit::app
