# Switches that a person sets, and the compiler settings that every target shares.

option(LOWBIT_TRAIN "Build the training component (needs libtorch)" ON)
option(LOWBIT_TESTS "Build the tests (needs GoogleTest)" ${PROJECT_IS_TOP_LEVEL})
option(LOWBIT_FUZZ "Build the libFuzzer targets (needs clang)" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
# Everything may end up in the module that the command line loads on demand.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

# Trainer and runtime must agree to the last bit wherever the documents say so: no fused multiply-add behind our back.
add_library(lowbit_compile_options INTERFACE)
target_compile_options(lowbit_compile_options INTERFACE -ffp-contract=off -Wall -Wextra)

if(LOWBIT_TESTS)
  enable_testing()
endif()
