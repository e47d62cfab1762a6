# Kernels for training on GPUs (lowbit/train/cuda), with LOWBIT_CUDA_PASSES. Included before libtorch is looked for, whose CUDA
# builds enable the language too, and may add architectures of their own.

if(LOWBIT_TRAIN AND LOWBIT_CUDA_PASSES)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    # Ampere and Hopper; the last one also as PTX, which newer GPUs compile for themselves.
    set(CMAKE_CUDA_ARCHITECTURES 80-real 86-real 90)
  endif()
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
endif()

# lowbit_cuda_passes(LIBRARY KERNELS source.cu... USED_BY source.cc...): compiles the kernels, and where libtorch is a CUDA build
# adds them to the library and defines LOWBIT_HAS_CUDA_PASSES for the files that start them. With another libtorch nothing
# uses them: that they compile is all that is seen.
function(lowbit_cuda_passes library)
  cmake_parse_arguments(arg "" "" "KERNELS;USED_BY" ${ARGN})
  if(NOT LOWBIT_CUDA_PASSES)
    return()
  endif()
  add_library(${library}_kernels OBJECT ${arg_KERNELS})
  target_include_directories(${library}_kernels PRIVATE ${PROJECT_SOURCE_DIR})
  # As on the CPU, no fused multiply-add: results are compared bit for bit.
  target_compile_options(${library}_kernels PRIVATE --fmad=false -Xcompiler=-Wall,-Wextra)
  set_target_properties(${library}_kernels PROPERTIES CUDA_STANDARD 17 CUDA_RUNTIME_LIBRARY Shared)
  if(TARGET torch_cuda)
    target_sources(${library} PRIVATE $<TARGET_OBJECTS:${library}_kernels>)
    target_link_libraries(${library} PRIVATE $<BUILD_INTERFACE:CUDA::cudart>)  # libtorch's own, where it is installed.
    set_property(SOURCE ${arg_USED_BY} APPEND PROPERTY COMPILE_DEFINITIONS LOWBIT_HAS_CUDA_PASSES)
  else()
    message(STATUS "lowbit: this libtorch is not built with CUDA: LOWBIT_CUDA_PASSES compiles kernels that nothing uses")
  endif()
endfunction()
