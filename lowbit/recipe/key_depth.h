#ifndef LOWBIT_RECIPE_KEY_DEPTH_H_
#define LOWBIT_RECIPE_KEY_DEPTH_H_

#include <cstdint>
#include <string>

namespace lowbit::recipe {

// Parts that a key may have. No setting has more than five; each part is a table inside of a table, and code that walks or
// frees tables calls itself once for each.
constexpr int64_t kMaxKeyParts = 32;

// Where in a TOML text the first key of more than kMaxKeyParts parts ("a.b.c" has three) passes that limit, in bytes from
// the begin; -1: no key does. Strings and comments are skipped. Of text that is no TOML only this is promised: what a
// parser reads before it meets the error holds no longer key. Cost: one pass.
int64_t FindLongKey(const std::string& text);

}  // namespace lowbit::recipe

#endif  // LOWBIT_RECIPE_KEY_DEPTH_H_
