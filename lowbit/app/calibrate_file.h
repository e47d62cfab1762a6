#ifndef LOWBIT_APP_CALIBRATE_FILE_H_
#define LOWBIT_APP_CALIBRATE_FILE_H_

#include <string>

#include "lowbit/app/inspect.h"
#include "lowbit/compress/calibrate.h"
#include "lowbit/compress/equalize.h"

namespace lowbit::app {

struct CalibrateFileRequest {
  std::string file;  // A packed file.
  std::string out;   // The one to write.
  std::string data;  // "NAME[:PATH]"; "": the set that the file names.
  compress::CalibrationOptions options;
  // Before rounding: compress::Equalize, behind FoldBatchNorm.
  compress::Equalization equalization = compress::Equalization::kNone;
  bool correct_bias = false;  // After it: compress::CorrectBias.
};

struct CalibratedFile {
  compress::Calibration calibration;  // Its graph is what was written.
  Inspection written;
  std::string dataset;
  std::vector<std::string> warnings;  // The data set's, then the calibration's.
};

// Quantizes the activations of a packed classifier, and the product weights that it has as floats, by the training images
// of a data set. With 0 bits for activations these stay float and weights alone are rounded, for which no data is read
// (compress::RoundWeightsAlone), unless the rounding, the equalization or the correction of biases looks at images.
// Errors: an option that would change nothing; as Classifier::Load, LoadFileData, Calibrate, Equalize and CorrectBias.
Result<CalibratedFile> CalibrateFile(const CalibrateFileRequest& request);

std::string ToText(const CalibratedFile& file);
std::string ToJson(const CalibratedFile& file);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_CALIBRATE_FILE_H_
