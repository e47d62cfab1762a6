// Prints the page of the docs on standard output; with --why, every test that does not pass on standard error. Another
// argument is the folder of other tests.

#include <cstdio>
#include <string>

#include "tests/conformance/conformance.h"

int main(int argc, char** argv) {
  std::string folder = lowbit::conformance::kTests;
  bool why = false;
  for (int i = 1; i < argc; ++i) {
    if (argv[i] == std::string("--why")) {
      why = true;
    } else {
      folder = argv[i];
    }
  }
  const auto outcomes = lowbit::conformance::RunAll(folder);
  if (outcomes.empty()) {
    std::fprintf(stderr, "no tests in %s (Debian: libonnx-testdata)\n", folder.c_str());
    return 1;
  }
  for (const auto& outcome : outcomes) {
    if (why && !outcome.why.empty()) std::fprintf(stderr, "%s: %s\n", outcome.test.c_str(), outcome.why.c_str());
  }
  std::fputs(lowbit::conformance::ToPage(outcomes).c_str(), stdout);
  return 0;
}
