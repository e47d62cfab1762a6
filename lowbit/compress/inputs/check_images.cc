#include "lowbit/compress/inputs/check_images.h"

namespace lowbit::compress {

Status CheckImages(const Graph& graph, const data::ImageSet& images) {
  if (images.count() == 0) return Invalid("the set has no images");
  if (graph.inputs.size() != 1 || graph.inputs[0].shape.size() != 4) {
    return Invalid("network '" + graph.name + "' does not take one batch of images");
  }
  const Shape& input = graph.inputs[0].shape;
  if (Shape(input.begin() + 1, input.end()) == images.image) return Ok();
  return Invalid("network '" + graph.name + "' takes images " + ToString(Shape(input.begin() + 1, input.end())) +
                 "; those of the set are " + ToString(images.image));
}

}  // namespace lowbit::compress
