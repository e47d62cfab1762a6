#include "lowbit/data/published.h"

#include "lowbit/data/digest.h"

namespace lowbit::data {

void WarnUnlessPublished(const std::string& file, Span<const uint8_t> contents, const std::string& sha1,
                         std::vector<std::string>* warnings) {
  const std::string found = Sha1Hex(contents);
  if (found == sha1) return;
  warnings->push_back(file +
                      ": checksum differs from the published one (structure is right; SHA-1 of the contents is " +
                      found + ", published " + sha1 + ")");
}

}  // namespace lowbit::data
