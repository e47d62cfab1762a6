#ifndef LOWBIT_FORMAT_ONNX_NAMES_H_
#define LOWBIT_FORMAT_ONNX_NAMES_H_

// Names in files that the reader and the writer agree on.

namespace lowbit::onnx {

inline constexpr const char* kQonnxDomain = "qonnx.custom_op.general";
inline constexpr const char* kMicrosoftDomain = "com.microsoft";
// Before the keys of a Graph's metadata.
inline constexpr const char* kMetadataPrefix = "lowbit.";

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_NAMES_H_
