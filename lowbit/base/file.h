#ifndef LOWBIT_BASE_FILE_H_
#define LOWBIT_BASE_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"

namespace lowbit {

// The whole file as bytes. Errors: not there, a folder, not readable, larger than `max_bytes`.
Result<std::vector<uint8_t>> ReadFile(const std::string& path, uint64_t max_bytes = uint64_t{1} << 40);
Result<std::string> ReadTextFile(const std::string& path, uint64_t max_bytes = uint64_t{1} << 26);

// Replaces `path` by `bytes` so that a reader, or a machine that loses power, sees the old file or the new one and
// nothing between: written to a temporary name in the same folder, synced, renamed, the folder synced. On an error
// (folder missing or unwritable, disk full, `path` a folder, device or pipe) the old one is untouched and the temporary one is removed.
Status WriteFileAtomic(const std::string& path, Span<const uint8_t> bytes);
Status WriteFileAtomic(const std::string& path, std::string_view text);

// Adds `text` to the end of the file, which is made if it is not there, and syncs it.
Status AppendToFile(const std::string& path, std::string_view text);

// A file mapped read-only into memory; unmapped by the destructor. An empty file has data() == nullptr.
class MappedFile {
 public:
  // Errors: not there, not a regular file, larger than `max_bytes` (found before a byte is mapped), no memory.
  static Result<MappedFile> Open(const std::string& path, uint64_t max_bytes = UINT64_MAX);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  MappedFile() = default;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

bool FileExists(const std::string& path);
bool FolderExists(const std::string& path);
Status MakeFolders(const std::string& path);

}  // namespace lowbit

#endif  // LOWBIT_BASE_FILE_H_
