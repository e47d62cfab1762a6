#ifndef LOWBIT_APP_COMPILE_FILE_H_
#define LOWBIT_APP_COMPILE_FILE_H_

#include <string>

#include "lowbit/base/result.h"
#include "lowbit/format/c_source/c_source.h"

namespace lowbit::app {

struct CompileRequest {
  std::string file;             // A packed file.
  std::string out;              // "FOLDER/NAME.c": functions are named after NAME, and NAME.h lies beside.
  std::string input = "float";  // Or "uint8".
};

struct CompiledFile {
  std::string source_path, header_path;
  c_source::Program program;
};

// Writes the network of a packed file as C (c_source::Generate). Errors: as lbm::Read and Generate; an output whose name does not end
// in .c or that cannot be written. Nothing is written then.
Result<CompiledFile> CompileFile(const CompileRequest& request);

std::string ToText(const CompiledFile& file);
std::string ToJson(const CompiledFile& file);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_COMPILE_FILE_H_
