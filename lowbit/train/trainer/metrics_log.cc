#include "lowbit/train/trainer/metrics_log.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "lowbit/format/tensorboard/event_writer.h"

namespace lowbit::train {
namespace {

constexpr char kFileName[] = "metrics.jsonl";

double Now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FilePointer = std::unique_ptr<std::FILE, FileCloser>;

class FileMetricsLog : public MetricsLog {
 public:
  FileMetricsLog(std::string path, FilePointer file, tensorboard::EventWriter events)
      : path_(std::move(path)), file_(std::move(file)), events_(std::move(events)) {}

  Status Write(const std::string& json) override {
    const std::string line = json + "\n";
    if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() || std::fflush(file_.get()) != 0) {
      return WriteError();
    }
    return Ok();
  }

  Status Scalars(int64_t step, const std::map<std::string, double>& values) override {
    for (const auto& [tag, value] : values) LOWBIT_RETURN_IF_ERROR(events_.AddScalar(tag, value, step, Now()));
    return Ok();
  }

  Result<int64_t> Sync() override {
    if (std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0) return WriteError();
    return static_cast<int64_t>(std::ftell(file_.get()));
  }

 private:
  Error WriteError() const { return Failed(path_ + ": cannot write: " + std::strerror(errno)); }

  std::string path_;
  FilePointer file_;
  tensorboard::EventWriter events_;
};

class NoMetricsLog : public MetricsLog {
 public:
  Status Write(const std::string&) override { return Ok(); }
  Status Scalars(int64_t, const std::map<std::string, double>&) override { return Ok(); }
  Result<int64_t> Sync() override { return 0; }
};

// Cuts the file to `keep_bytes`; makes it if it is not there.
Result<FilePointer> OpenCut(const std::string& path, int64_t keep_bytes) {
  FilePointer file(std::fopen(path.c_str(), "ab"));
  if (file == nullptr) return Failed(path + ": cannot open for writing: " + std::strerror(errno));
  std::fseek(file.get(), 0, SEEK_END);
  const int64_t size = std::ftell(file.get());
  if (size < keep_bytes) {
    return Invalid(path + ": has " + std::to_string(size) + " bytes; the checkpoint was taken at " +
                   std::to_string(keep_bytes));
  }
  if (ftruncate(fileno(file.get()), keep_bytes) != 0) return Failed(path + ": cannot cut: " + std::strerror(errno));
  std::fseek(file.get(), 0, SEEK_END);
  return file;
}

}  // namespace

Result<std::unique_ptr<MetricsLog>> MetricsLog::Open(const std::string& folder, int64_t keep_bytes) {
  const std::string path = folder + "/" + kFileName;
  LOWBIT_TRY(FilePointer file, OpenCut(path, keep_bytes));
  LOWBIT_TRY(tensorboard::EventWriter events, tensorboard::EventWriter::Create(folder, Now()));
  return std::unique_ptr<MetricsLog>(new FileMetricsLog(path, std::move(file), std::move(events)));
}

std::unique_ptr<MetricsLog> MetricsLog::Discard() { return std::make_unique<NoMetricsLog>(); }

}  // namespace lowbit::train
