# Every third-party package, in one place. All are Debian packages (tools/install-deps.sh installs them).
#
# The build includes this file, and so does the installed lowbitConfig.cmake: a program that uses lowbit must find what
# the static libraries link. Packages of headers that only our own sources include are needed by the build alone.

# Linked by component `runtime`.
set(LOWBIT_RUNTIME_PACKAGES Threads HWY)
# Linked by the libraries of component `train`.
set(LOWBIT_TRAIN_PACKAGES fmt ZLIB PNG JPEG SndFile tomlplusplus Torch)
# Gloo, for training with several processes, is looked for by LowbitDistributed.cmake: the build does without.
# Headers for our own sources, and tools.
set(LOWBIT_BUILD_PACKAGES nlohmann_json FlatBuffers CLI11 Protobuf xxhash)
# What those define; an installed library must not name them.
set(LOWBIT_BUILD_TARGETS nlohmann_json::nlohmann_json CLI11::CLI11 flatbuffers::flatbuffers
                         flatbuffers::flatbuffers_shared protobuf::libprotobuf-lite xxhash::xxhash)

if(PROJECT_NAME STREQUAL "lowbit")
  list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
  set(packages ${LOWBIT_RUNTIME_PACKAGES} ${LOWBIT_TRAIN_PACKAGES} ${LOWBIT_BUILD_PACKAGES})
  if(NOT LOWBIT_TRAIN)
    list(REMOVE_ITEM packages Torch)
  endif()
  if(LOWBIT_TESTS)
    list(APPEND packages GTest)
  endif()
  # Torch is Debian's libtorch, or the one below CMAKE_PREFIX_PATH. Headers of imported targets are SYSTEM: their
  # warnings are not ours.
  foreach(package IN LISTS packages)
    find_package(${package} REQUIRED)
  endforeach()
  # Debian's libtorch uses the system's libraries. That of the Python package shows fmt's headers in place of the system's,
  # newer than the library that is linked, and functions of std::filesystem of an older libstdc++, which a program must
  # not find before its own.
  set(LOWBIT_FMT_BESIDE_TORCH fmt::fmt)
  set(LOWBIT_TORCH torch)
  get_target_property(fmt_headers fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
  foreach(folder IN LISTS TORCH_INCLUDE_DIRS)
    if(EXISTS ${folder}/fmt/format.h AND NOT folder IN_LIST fmt_headers)
      set(LOWBIT_FMT_BESIDE_TORCH fmt::fmt-header-only)
      set(LOWBIT_TORCH stdc++ torch)
    endif()
  endforeach()
endif()
