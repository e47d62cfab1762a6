#include "lowbit/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace lowbit {
namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool Close() { return close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

Error SystemError(const std::string& path, const std::string& what) {
  const int code = errno;
  const std::string message = path + ": " + what + ": " + std::strerror(code);
  // A path that is not there is what the person typed; all else went wrong underneath.
  return code == ENOENT || code == ENOTDIR || code == EISDIR ? Invalid(message) : Failed(message);
}

Result<uint64_t> RegularFileSize(const Descriptor& file, const std::string& path) {
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return SystemError(path, "cannot read");
  if (!S_ISREG(info.st_mode)) return Invalid(path + ": is not a regular file");
  return static_cast<uint64_t>(info.st_size);
}

bool WriteAll(int fd, const uint8_t* data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

template <typename Bytes>
Result<Bytes> ReadWhole(const std::string& path, uint64_t max_bytes) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError(path, "cannot open");
  LOWBIT_TRY(const uint64_t size, RegularFileSize(file, path));
  if (size > max_bytes) {
    return Invalid(path + ": has " + std::to_string(size) + " bytes; at most " + std::to_string(max_bytes) +
                   " were expected");
  }
  Bytes bytes(size, 0);
  size_t done = 0;
  while (done < size) {
    const ssize_t count = read(file.get(), bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError(path, "cannot read");
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

Result<std::vector<uint8_t>> ReadFile(const std::string& path, uint64_t max_bytes) {
  return ReadWhole<std::vector<uint8_t>>(path, max_bytes);
}

Result<std::string> ReadTextFile(const std::string& path, uint64_t max_bytes) {
  return ReadWhole<std::string>(path, max_bytes);
}

namespace {

// A device or a pipe, which a file would take the place of: /dev/null is no longer what others need then.
bool IsSpecial(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

}  // namespace

Status WriteFileAtomic(const std::string& path, Span<const uint8_t> bytes) {
  if (IsSpecial(path)) return Invalid(path + ": is neither a file nor the name of a new one");
  const std::string temporary = path + ".part." + std::to_string(getpid());
  Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.get() < 0) return SystemError(path, "cannot create");
  if (!WriteAll(file.get(), bytes.data(), bytes.size()) || fsync(file.get()) != 0 || !file.Close() ||
      rename(temporary.c_str(), path.c_str()) != 0) {
    Error error = SystemError(path, "cannot write");
    unlink(temporary.c_str());
    return error;
  }
  Descriptor folder(open(FolderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) fsync(folder.get());
  return Ok();
}

Status WriteFileAtomic(const std::string& path, std::string_view text) {
  return WriteFileAtomic(path, Span<const uint8_t>(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Status AppendToFile(const std::string& path, std::string_view text) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.get() < 0) return SystemError(path, "cannot open for writing");
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  if (!WriteAll(file.get(), bytes, text.size()) || fsync(file.get()) != 0) return SystemError(path, "cannot write");
  return Ok();
}

Result<MappedFile> MappedFile::Open(const std::string& path, uint64_t max_bytes) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError(path, "cannot open");
  LOWBIT_TRY(const uint64_t size, RegularFileSize(file, path));
  if (size > max_bytes) {
    return Invalid(path + ": has " + std::to_string(size) + " bytes; expected at most " + std::to_string(max_bytes));
  }
  MappedFile mapped;
  if (size == 0) return mapped;
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return SystemError(path, "cannot map");
  mapped.data_ = static_cast<const uint8_t*>(data);
  mapped.size_ = size;
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

bool FileExists(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

bool FolderExists(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

Status MakeFolders(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return Ok();
  const std::string message = path + ": cannot create the folder: " + error.message();
  // A file stands where a folder was to be.
  const bool wrong_path = error == std::errc::not_a_directory || error == std::errc::file_exists;
  return wrong_path ? Invalid(message) : Failed(message);
}

}  // namespace lowbit
