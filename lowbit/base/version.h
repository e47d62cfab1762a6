#ifndef LOWBIT_BASE_VERSION_H_
#define LOWBIT_BASE_VERSION_H_

namespace lowbit {

// "0.1.0": the version of the project, once, in the top CMakeLists.txt.
const char* Version();

// The commit that was built, as `git describe --always --dirty` prints it: "880fe4581625" or "v0.1.0-3-g880fe4581625",
// with "-dirty" behind it if files were changed. "unknown" where git or the repository was not there.
const char* Commit();

}  // namespace lowbit

#endif  // LOWBIT_BASE_VERSION_H_
