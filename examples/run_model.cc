#include <cstdio>
#include <vector>

#include "lowbit/runtime/model.h"

int main(int count, char** arguments) {
  auto model = lowbit::runtime::Model::Load(count == 2 ? arguments[1] : "");
  if (!model.ok()) {
    std::fprintf(stderr, "%s\n", model.error().message.c_str());
    return 2;
  }
  lowbit::runtime::Model& network = model.value();
  const lowbit::Shape& shape = network.Inputs()[0].shape;                  // [kDynamic, channels, height, width]
  const std::vector<float> image(shape[1] * shape[2] * shape[3], 128.0f);  // Raw pixels, 0..255: a grey image.
  std::vector<float> logits(network.Outputs()[0].shape[1]);
  const lowbit::Status done = network.Run(image, /*batch=*/1, logits);
  for (const float logit : logits) std::printf("%g\n", logit);
  return done.ok() ? 0 : 1;
}
