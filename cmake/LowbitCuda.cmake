# Kernels for training on GPUs (lowbit/train/cuda). Where libtorch is a CUDA build, its own CMake files have switched the language
# on and say for which GPUs it compiles: those that this machine has, or TORCH_CUDA_ARCH_LIST.

# lowbit_cuda_passes(LIBRARY KERNELS source.cu... USED_BY source.cc...): compiles the kernels, adds them to the library, and
# defines LOWBIT_HAS_CUDA_PASSES for the files that start them. Nothing, where libtorch is for CPUs or LOWBIT_CUDA_PASSES is off.
function(lowbit_cuda_passes library)
  cmake_parse_arguments(arg "" "" "KERNELS;USED_BY" ${ARGN})
  if(NOT LOWBIT_CUDA_PASSES OR NOT TARGET torch_cuda)
    return()
  endif()
  find_package(CUDAToolkit REQUIRED)
  add_library(${library}_kernels OBJECT ${arg_KERNELS})
  target_include_directories(${library}_kernels PRIVATE ${PROJECT_SOURCE_DIR})
  # As on the CPU, no fused multiply-add: results are compared bit for bit. Random numbers are those of constexpr functions.
  target_compile_options(${library}_kernels PRIVATE --fmad=false --expt-relaxed-constexpr -Xcompiler=-Wall,-Wextra)
  set_target_properties(${library}_kernels PROPERTIES CUDA_STANDARD 17 CUDA_RUNTIME_LIBRARY Shared)
  target_sources(${library} PRIVATE $<TARGET_OBJECTS:${library}_kernels>)
  target_link_libraries(${library} PRIVATE $<BUILD_INTERFACE:CUDA::cudart>)  # libtorch's own, where it is installed.
  set_property(SOURCE ${arg_USED_BY} APPEND PROPERTY COMPILE_DEFINITIONS LOWBIT_HAS_CUDA_PASSES)
endfunction()
