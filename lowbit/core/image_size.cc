#include "lowbit/core/image_size.h"

#include <string>

#include "lowbit/core/validate.h"

namespace lowbit {

Result<Graph> AtImageSize(Graph graph, int64_t height, int64_t width, int64_t channels) {
  const bool one_of_each = graph.inputs.size() == 1 && graph.outputs.size() == 1;
  if (!one_of_each || graph.inputs[0].shape.size() != 4) {
    return Invalid("makes no images of images: expected one input [batch, channels, height, width] and one output");
  }
  Shape& image = graph.inputs[0].shape;
  image = {1, image[1], height, width};
  const auto shapes = InferShapes(graph, 1);
  const std::string size = std::to_string(height) + "x" + std::to_string(width);
  if (!shapes.ok()) return Invalid("cannot take images of " + size + ": " + shapes.error().message);
  const Shape& made = shapes.value().at(graph.outputs[0]);
  const Shape wanted = {1, channels == 0 ? image[1] : channels, height, width};
  if (made == wanted) return graph;
  return Invalid("makes no images of images: " + ToString(made) + " of " + ToString(image) +
                 (channels == 0 ? "" : ", not " + ToString(wanted)));
}

}  // namespace lowbit
