# Switches that a person sets, and the compiler settings that every target shares.

option(LOWBIT_TRAIN "Build the training component (needs libtorch)" ON)
option(LOWBIT_TESTS "Build the tests (needs GoogleTest)" ${PROJECT_IS_TOP_LEVEL})
option(LOWBIT_BENCH "Build the benchmarks (needs Google Benchmark)" OFF)
option(LOWBIT_CUDA_PASSES "With a libtorch for GPUs, kernels of our own for training there" ON)
option(LOWBIT_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(LOWBIT_INSTALL "Make the install target" ${PROJECT_IS_TOP_LEVEL})
set(LOWBIT_SANITIZE "" CACHE STRING "Sanitizers for all of our code, as in -fsanitize=: address,undefined or thread")

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
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 warns of overlapping copies inside std::string's own operator+ (GCC bug 105651).
  target_compile_options(lowbit_compile_options INTERFACE -Wno-restrict)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  # Kernels keep vectors in arrays and members, which SVE's types of unknown size cannot be (docs/kernels.md): NEON runs there too.
  target_compile_definitions(lowbit_compile_options
                             INTERFACE "HWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128)")
endif()

if(LOWBIT_SANITIZE)
  add_compile_options(-fsanitize=${LOWBIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${LOWBIT_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 loses its way in instrumented code and warns of the insides of std::function.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()

# Compiled objects are kept between builds and shared by copies of the tree: paths below the tree count as relative.
find_program(LOWBIT_CCACHE ccache)
mark_as_advanced(LOWBIT_CCACHE)
if(LOWBIT_CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${LOWBIT_CCACHE})
endif()

if(LOWBIT_TESTS)
  enable_testing()
endif()
