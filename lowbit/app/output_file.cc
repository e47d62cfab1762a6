#include "lowbit/app/output_file.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "lowbit/base/file.h"

namespace lowbit::app {
namespace {

// A file, or what a run cannot do without: docs/run-folder.md.
std::vector<std::string> FilesOf(const std::string& input) {
  if (!FolderExists(input)) return {input};
  std::vector<std::string> files;
  for (const char* name :
       {"recipe.toml", "run.json", "network.lbm", "metrics.jsonl", "checkpoint.safetensors", "sweep.json"}) {
    files.push_back(input + "/" + name);
  }
  return files;
}

// Under whatever names. False where one of them is not there.
bool AreSame(const std::string& a, const std::string& b) {
  std::error_code error;
  return std::filesystem::equivalent(a, b, error) && !error;
}

bool EndsIn(const std::string& path, const std::string& ending) {
  return path.size() > ending.size() && path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
}

}  // namespace

Status CheckOutput(const std::string& path, const std::vector<std::string>& inputs, const std::string& ending) {
  if (path.empty()) return Invalid("-o: is empty; the name of the file to write was expected");
  if (FolderExists(path)) return Invalid(path + ": is a folder; the name of a file was expected");
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  if (!FolderExists(folder)) return Invalid(path + ": cannot be written, since there is no folder " + folder);
  if (access(folder.c_str(), W_OK) != 0) {
    return Invalid(path + ": cannot be written: " + std::generic_category().message(errno));
  }
  for (const std::string& input : inputs) {
    for (const std::string& file : FilesOf(input)) {
      if (AreSame(path, file)) return Invalid(path + ": is read here and would be lost; write to another file");
    }
  }
  for (const char* other : {".lbm", ".onnx", ".safetensors", ".toml", ".html", ".jsonl"}) {
    if (other != ending && EndsIn(path, other)) {
      return Invalid(path + ": would be the wrong name for what is written; one that ends in " + ending +
                     " was expected");
    }
  }
  return Ok();
}

}  // namespace lowbit::app
