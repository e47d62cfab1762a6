#include "lowbit/quant/product/plan.h"

namespace lowbit::quant::product {
namespace {

Status ReadLayers(const Config& layers, std::map<std::string, LayerRule>* rules) {
  const ConfigTable* table = std::get_if<ConfigTable>(&layers.value);
  if (table == nullptr) return Invalid("'layers' must be a table of layers");
  for (const auto& [name, config] : *table) {
    ConfigReader reader(config, "layers." + name);
    LayerRule& rule = (*rules)[name];
    rule.block = static_cast<int>(reader.Int("block", 0, 0, 1 << 20));
    rule.centroids = static_cast<int>(reader.Int("centroids", 0, 0, kMaxCodebookCount));
    LOWBIT_RETURN_IF_ERROR(reader.Finish());
  }
  return Ok();
}

}  // namespace

Status ReadRules(ConfigReader* reader, Rules* rules) {
  const auto integer = [&](const char* key, int* value, int most) {
    *value = static_cast<int>(reader->Int(key, *value, 1, most));
  };
  integer("kernels", &rules->kernels, 1024);
  integer("pointwise_block", &rules->pointwise_block, 1024);
  integer("linear_block", &rules->linear_block, 1024);
  integer("conv_centroids", &rules->conv_centroids, kMaxCodebookCount);
  integer("pointwise_centroids", &rules->pointwise_centroids, kMaxCodebookCount);
  integer("linear_centroids", &rules->linear_centroids, kMaxCodebookCount);
  if (reader->String("clamp", "strict", {"strict", "floor"}) == "floor") rules->clamp = Clamp::kFloor;
  rules->codebook = ReadCodebookForm(reader);
  return ReadLayers(reader->Table("layers"), &rules->layers);
}

}  // namespace lowbit::quant::product
