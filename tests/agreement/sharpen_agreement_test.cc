// A network that learned to sharpen pictures: the run and its packed file make the same pictures, with quantized activations the same
// bits.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "lowbit/core/image_size.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/runtime/model.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/test_pictures.h"

namespace lowbit {
namespace {

// As `lowbit eval FILE` runs it.
data::Plane Packed(const Graph& frozen, const data::Plane& blurred) {
  const Graph file = lbm::Decode(lbm::Encode(frozen).value(), "test").value();
  runtime::Model model = runtime::Model::FromGraph(AtImageSize(file, blurred.height, blurred.width).value()).value();
  data::Plane made = {blurred.height, blurred.width, std::vector<float>(blurred.values.size())};
  EXPECT_TRUE(model.Run(blurred.values, 1, made.values).ok());
  return made;
}

class SharpenAgreement : public testing::Test {
 protected:
  SharpenAgreement() : folder_("lowbit_sharpen_agreement") {}

  // Calls compare(made by the run, made by its packed file, the picture) for each test picture.
  template <typename Compare>
  void Run(const std::vector<std::string>& settings, const Compare& compare) const {
    const train::TrainJob job = train::SharpeningJob("agreement", folder_, settings);
    const auto trained = train::Train(job);
    ASSERT_TRUE(trained.ok()) << trained.error().message;
    const train::TrainedRun run = {job.recipe, job.graph, job.folder};
    const Graph frozen = train::Freeze(run).value();
    const auto& pictures = job.dataset.test_pictures;
    size_t compared = 0;
    ASSERT_TRUE(train::ForEachSharpened(run, pictures, "cpu", 1, [&](size_t i, const data::Plane& made) {
                  compare(made, Packed(frozen, pictures[i].blurred), pictures[i]);
                  ++compared;
                }).ok());
    EXPECT_EQ(compared, pictures.size());
  }

  data::TemporaryFolder folder_;
};

TEST_F(SharpenAgreement, LowBitWeights) {
  Run({"quantize.method=twn", "train.iterations=20"},
      [](const data::Plane& run, const data::Plane& file, const data::BlurredPicture& picture) {
        // Sums of at most 108 products in another order, of values below 2^9: some 108 * 2^-24 * 2^9.
        for (size_t i = 0; i < run.values.size(); ++i) EXPECT_NEAR(run.values[i], file.values[i], 4e-3);
        EXPECT_NEAR(data::Psnr(run, picture.sharp, 2), data::Psnr(file, picture.sharp, 2), 0.01);
      });
}

TEST_F(SharpenAgreement, QuantizedActivationsToTheBit) {
  Run({"quantize.method=lsq", "quantize.lsq.bits=3", "quantize.activations.bits=6", "train.iterations=20"},
      [](const data::Plane& run, const data::Plane& file, const data::BlurredPicture&) {
        EXPECT_EQ(run.values, file.values);
      });
}

}  // namespace
}  // namespace lowbit
