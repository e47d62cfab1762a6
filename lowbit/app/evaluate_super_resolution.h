#ifndef LOWBIT_APP_EVALUATE_SUPER_RESOLUTION_H_
#define LOWBIT_APP_EVALUATE_SUPER_RESOLUTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/data/super_resolution.h"

namespace lowbit::app {

// How well a network sharpens pictures that were made `scale` times smaller and large again.
struct SuperResolution {
  struct Picture {
    std::string name;
    int64_t height = 0, width = 0;
    double bicubic = 0, network = 0;  // PSNR in dB, see data::Psnr, without `scale` values on each side.
    double milliseconds = 0;          // Wall-clock time of the network.
  };
  std::string subject;  // The file.
  std::string folder;
  int64_t scale = 2;
  std::vector<Picture> pictures;
  std::vector<std::string> warnings;  // The network's, see FallbackWarnings.

  double MeanBicubic() const;
  double MeanNetwork() const;
};

// Data sets of this name are evaluated so: "super-resolution:FOLDER".
bool IsSuperResolution(const std::string& data);

// The folder that it names. Error: none.
Result<std::string> PicturesFolder(const std::string& data);

// All pictures of the folder. Errors: as data::ListSharpPictures and data::BlurPicture.
Result<std::vector<data::BlurredPicture>> BlurPictures(const std::string& folder, int64_t scale);

// What the network made of one of them, in so many seconds.
SuperResolution::Picture Compare(const data::BlurredPicture& picture, const data::Plane& made, double seconds);

// Brightness of each picture (data::Brightness), blurred (data::Blur), through the packed file's network, against what it was. The
// network takes and makes images of one channel, 0..255, and is executed at each picture's size whatever its own input's is.
// `data`: as above. Errors: a folder without pictures; a network of another kind, or one that works at one size only; a
// picture that cannot be read or is smaller than 3 * scale. Cost: memory for the activations of the largest picture.
Result<SuperResolution> EvaluateSuperResolution(const std::string& path, const std::string& data, int64_t scale,
                                                int threads);

std::string ToText(const SuperResolution& result);
std::string ToJson(const SuperResolution& result);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_EVALUATE_SUPER_RESOLUTION_H_
