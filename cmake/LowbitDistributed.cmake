# Training with several processes goes through c10d, a part of libtorch: with Gloo on CPUs, with NCCL on GPUs. Their
# classes can be used where libtorch was built with them and headers are there that fit (those of NCCL come with libtorch's
# Python packages, in nvidia/nccl/include; those of Gloo do not); elsewhere lowbit is built without, and says so when
# somebody starts it with several ranks.
#
# Sets LOWBIT_HAS_GLOO and LOWBIT_HAS_NCCL in the calling folder.
function(lowbit_find_distributed)
  find_path(LOWBIT_GLOO_INCLUDE gloo/rendezvous/store.h HINTS ${TORCH_INCLUDE_DIRS})
  find_file(LOWBIT_C10D_GLOO torch/csrc/distributed/c10d/ProcessGroupGloo.hpp HINTS ${TORCH_INCLUDE_DIRS})
  list(TRANSFORM TORCH_INCLUDE_DIRS APPEND /../../nvidia/nccl/include OUTPUT_VARIABLE beside_torch)
  find_path(LOWBIT_NCCL_INCLUDE nccl.h HINTS ${TORCH_INCLUDE_DIRS} ${beside_torch})
  mark_as_advanced(LOWBIT_GLOO_INCLUDE LOWBIT_C10D_GLOO LOWBIT_NCCL_INCLUDE)
  set(gloo FALSE)
  if(LOWBIT_GLOO_INCLUDE AND LOWBIT_C10D_GLOO)
    # c10d overrides what newer versions of Gloo declare: the headers must be as new as its use of them.
    file(STRINGS ${LOWBIT_C10D_GLOO} wanted REGEX "has_v2_support")
    file(STRINGS ${LOWBIT_GLOO_INCLUDE}/gloo/rendezvous/store.h there REGEX "has_v2_support")
    if(there OR NOT wanted)
      set(gloo TRUE)
    endif()
  endif()
  set(nccl FALSE)
  if(LOWBIT_NCCL_INCLUDE AND TARGET torch_cuda)
    set(nccl TRUE)
  endif()
  if(NOT gloo)
    message(STATUS "lowbit: no Gloo that fits this libtorch; training on CPUs is for one process (Debian: libgloo-dev)")
  endif()
  set(LOWBIT_HAS_GLOO ${gloo} PARENT_SCOPE)
  set(LOWBIT_HAS_NCCL ${nccl} PARENT_SCOPE)
endfunction()

# lowbit_distributed(SOURCES source... GLOO_TESTS source... NCCL_TESTS source...): defines LOWBIT_HAS_GLOO and
# LOWBIT_HAS_NCCL for the sources of the calling folder and opens c10d's headers to them, which ask for USE_C10D_... (some
# libtorch defines it for everybody, whatever headers are there); tests of what is not there are left out.
function(lowbit_distributed)
  cmake_parse_arguments(arg "" "" "SOURCES;GLOO_TESTS;NCCL_TESTS" ${ARGN})
  set(includes "")
  foreach(backend GLOO NCCL)
    if(LOWBIT_HAS_${backend})
      list(APPEND includes ${LOWBIT_${backend}_INCLUDE})
      set_property(SOURCE ${arg_SOURCES} APPEND PROPERTY COMPILE_DEFINITIONS USE_C10D_${backend} LOWBIT_HAS_${backend})
    else()
      set_source_files_properties(${arg_${backend}_TESTS} PROPERTIES HEADER_FILE_ONLY ON)
    endif()
  endforeach()
  # Named again, a folder that the compiler searches anyway would come before the C++ library's, which clang does not bear.
  list(REMOVE_ITEM includes ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
  set_property(SOURCE ${arg_SOURCES} APPEND PROPERTY INCLUDE_DIRECTORIES ${includes})
endfunction()
