# Training with several processes goes through c10d, a part of libtorch: with Gloo on CPUs, with NCCL on GPUs. Their
# classes can be used where libtorch was built with them and headers are there that fit; elsewhere lowbit is built
# without, and says so when somebody starts it with several ranks.
#
# Sets LOWBIT_HAS_GLOO and LOWBIT_HAS_NCCL in the calling folder.
function(lowbit_find_distributed)
  find_path(LOWBIT_GLOO_INCLUDE gloo/rendezvous/store.h HINTS ${TORCH_INCLUDE_DIRS})
  find_file(LOWBIT_C10D_GLOO torch/csrc/distributed/c10d/ProcessGroupGloo.hpp HINTS ${TORCH_INCLUDE_DIRS})
  find_path(LOWBIT_NCCL_INCLUDE nccl.h HINTS ${TORCH_INCLUDE_DIRS})
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
  if(NOT gloo)
    message(STATUS "lowbit: no Gloo that fits this libtorch; training is for one process (Debian: libgloo-dev)")
  endif()
  set(LOWBIT_HAS_GLOO ${gloo} PARENT_SCOPE)
  if(gloo AND LOWBIT_NCCL_INCLUDE AND TARGET torch_cuda)
    set(LOWBIT_HAS_NCCL TRUE PARENT_SCOPE)
  endif()
endfunction()

# lowbit_distributed(SOURCES source... TESTS source...): opens c10d's headers, which ask for USE_C10D_GLOO and
# USE_C10D_NCCL, to the sources of the calling folder; tests that need Gloo are left out where it is not there.
function(lowbit_distributed)
  cmake_parse_arguments(arg "" "" "SOURCES;TESTS" ${ARGN})
  if(NOT LOWBIT_HAS_GLOO)
    set_source_files_properties(${arg_TESTS} PROPERTIES HEADER_FILE_ONLY ON)
    return()
  endif()
  set(includes ${LOWBIT_GLOO_INCLUDE})
  set_property(SOURCE ${arg_SOURCES} APPEND PROPERTY COMPILE_DEFINITIONS USE_C10D_GLOO)
  if(LOWBIT_HAS_NCCL)
    list(APPEND includes ${LOWBIT_NCCL_INCLUDE})
    set_property(SOURCE ${arg_SOURCES} APPEND PROPERTY COMPILE_DEFINITIONS USE_C10D_NCCL)
  endif()
  # Named again, a folder that the compiler searches anyway would come before the C++ library's, which clang does not bear.
  list(REMOVE_ITEM includes ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
  set_property(SOURCE ${arg_SOURCES} APPEND PROPERTY INCLUDE_DIRECTORIES ${includes})
endfunction()
