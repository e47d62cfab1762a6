#ifndef LOWBIT_CLI_PACKED_ARGUMENT_H_
#define LOWBIT_CLI_PACKED_ARGUMENT_H_

#include <string>

#include "lowbit/app/packed_file.h"
#include "lowbit/cli/output.h"

namespace lowbit::cli {

inline constexpr char kPackedHelp[] = "A packed .lbm file, or the folder of a run that has ended";

// body() with `path` made that of a packed file, where it may name a run's folder; its exit code, or that of the error.
template <typename Body>
int WithPackedFile(std::string* path, const Body& body) {
  Result<std::string> file = app::PackedFile(*path);
  if (!file.ok()) return Report(file.error());
  *path = std::move(file).value();
  return body();
}

}  // namespace lowbit::cli

#endif  // LOWBIT_CLI_PACKED_ARGUMENT_H_
