include(GNUInstallDirs)

# lowbit_library(NAME [FOLDER folder] [COMPONENT runtime|train] DEPS target... PRIVATE_DEPS target... TEST_DEPS target...
#                PRECOMPILED header...)
#
# Makes lowbit::NAME out of every *.cc below lowbit/<folder> (default: lowbit/NAME), and lowbit_NAME_test out of every
# *_test.cc there (headers named test_*.h are theirs and not installed), and a fuzz target out of every fuzz_*.cc
# (LowbitFuzz.cmake). Files named *_main.cc and main.cc are left to the folder's own CMakeLists.txt. A folder that holds
# its own CMakeLists.txt is another library and is not walked into.
# COMPONENT: the part of an installation that brings the library, for find_package(lowbit COMPONENTS ...); a library
# without one is not installed. Libraries of `train` that need libtorch are compiled as C++17 by clang, which cannot
# read libtorch 1.13's headers as C++20. PRECOMPILED: headers that its files and its tests' files share, compiled once.
function(lowbit_library name)
  cmake_parse_arguments(arg "" "FOLDER;COMPONENT" "DEPS;PRIVATE_DEPS;TEST_DEPS;PRECOMPILED" ${ARGN})
  set(folder ${CMAKE_CURRENT_SOURCE_DIR})
  if(arg_FOLDER)
    set(folder ${CMAKE_CURRENT_SOURCE_DIR}/${arg_FOLDER})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cc)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${folder}/*.h)
  file(GLOB_RECURSE nested CONFIGURE_DEPENDS ${folder}/*/CMakeLists.txt)
  foreach(list_file IN LISTS nested)
    get_filename_component(nested_folder ${list_file} DIRECTORY)
    list(FILTER sources EXCLUDE REGEX "^${nested_folder}/")
    list(FILTER headers EXCLUDE REGEX "^${nested_folder}/")
  endforeach()
  list(FILTER headers EXCLUDE REGEX "/test_[^/]*\\.h$")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${sources})
  list(FILTER fuzzers INCLUDE REGEX "/fuzz_[^/]*\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/fuzz_[^/]*|_main|/main)\\.cc$")

  if(sources)
    add_library(lowbit_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(lowbit_${name} PRIVATE $<BUILD_INTERFACE:lowbit_compile_options>)
  else()
    add_library(lowbit_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_sources(lowbit_${name} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  target_compile_features(lowbit_${name} ${scope} cxx_std_17)
  add_library(lowbit::${name} ALIAS lowbit_${name})
  set_target_properties(lowbit_${name} PROPERTIES EXPORT_NAME ${name})
  lowbit_link(lowbit_${name} ${scope} ${arg_DEPS})
  if(sources)
    lowbit_link(lowbit_${name} PRIVATE ${arg_PRIVATE_DEPS})
  endif()
  lowbit_cxx_standard(lowbit_${name} ${arg_DEPS} ${arg_PRIVATE_DEPS})
  if(arg_PRECOMPILED)
    lowbit_precompile(lowbit_${name} ${arg_PRECOMPILED})
  endif()
  if(arg_COMPONENT AND LOWBIT_INSTALL)
    lowbit_install_library(lowbit_${name} ${arg_COMPONENT})
  endif()

  if(LOWBIT_TESTS AND tests)
    if(arg_PRECOMPILED)
      # The library's headers, which take its code generation: -fPIC, where a program would get -fPIE.
      add_executable(lowbit_${name}_test)
      target_link_libraries(lowbit_${name}_test PRIVATE lowbit_compile_options GTest::gtest GTest::gmock GTest::gtest_main)
      set_target_properties(lowbit_${name}_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(lowbit_${name}_test PRIVATE -fPIC)
      lowbit_reuse_precompiled(lowbit_${name}_test lowbit_${name})
    else()
      lowbit_test_program(lowbit_${name}_test)
    endif()
    target_sources(lowbit_${name}_test PRIVATE ${tests})
    target_link_libraries(lowbit_${name}_test PRIVATE lowbit_${name} ${arg_PRIVATE_DEPS} ${arg_TEST_DEPS})
    lowbit_cxx_standard(lowbit_${name}_test ${arg_DEPS} ${arg_PRIVATE_DEPS})
    add_test(NAME ${name} COMMAND lowbit_${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  endif()
  foreach(fuzzer IN LISTS fuzzers)
    lowbit_fuzz_target(${name} ${fuzzer})
  endforeach()
endfunction()

# lowbit_test_program(TARGET library...): a program of tests, without its sources, which are best kept apart from headers
# that are compiled once for all of them: GoogleTest's cost a second and a half in each file. -O3 is wasted on tests.
function(lowbit_test_program target)
  add_executable(${target})
  target_link_libraries(${target} PRIVATE ${ARGN} lowbit_compile_options GTest::gtest GTest::gmock GTest::gtest_main)
  if(NOT TARGET lowbit_test_headers)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/test_headers.cc CONTENT "int main() {}\n")
    add_executable(lowbit_test_headers EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/generated/test_headers.cc)
    target_link_libraries(lowbit_test_headers PRIVATE GTest::gmock)
    target_compile_options(lowbit_test_headers PRIVATE $<$<CONFIG:Release>:-O1>)
    lowbit_precompile(lowbit_test_headers <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  # libtorch's own definitions reach into the standard library's headers: what is above it cannot share these.
  if(NOT "${ARGN}" MATCHES "lowbit::train")
    lowbit_reuse_precompiled(${target} lowbit_test_headers)
  endif()
endfunction()

# Compiles headers once for all files of a target. Without -fpch-preprocess ccache cannot see what stands for them and
# caches nothing.
function(lowbit_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# Takes the precompiled headers of another target, which is compiled with the same options.
function(lowbit_reuse_precompiled target from)
  target_precompile_headers(${target} REUSE_FROM ${from})
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# target_link_libraries, but a package that only our own sources need is not named by the installed library.
function(lowbit_link target scope)
  foreach(dependency IN LISTS ARGN)
    if(dependency IN_LIST LOWBIT_BUILD_TARGETS)
      set(dependency $<BUILD_INTERFACE:${dependency}>)
    endif()
    target_link_libraries(${target} ${scope} ${dependency})
  endforeach()
endfunction()

# C++17 if the compiler is clang and one of the dependencies is libtorch or a library above it.
function(lowbit_cxx_standard target)
  get_target_property(type ${target} TYPE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT type STREQUAL "INTERFACE_LIBRARY" AND
     "${ARGN}" MATCHES "torch|lowbit::train")
    set_target_properties(${target} PROPERTIES CXX_STANDARD 17)
  endif()
endfunction()

# lowbit_shelf(LIBRARY NAMESPACE SHELF HEADER FUNCTION SIGNATURE_RETURN SIGNATURE_ARGS)
#
# A shelf is a folder of plug-in folders: lowbit/<library>/<shelf>/<plugin>/. Each plug-in defines
#   <return> <namespace>::<plugin>::<function>(<args>);
# and nothing outside its folder names it: this writes the one source file that lists them all, so that adding a
# plug-in is adding a folder. It defines
#   const std::vector<<namespace>::ShelfEntry>& <namespace>::ShelfEntries();
# with ShelfEntry{const char* name; <return> (*function)(<args>)} declared by HEADER.
function(lowbit_shelf target)
  cmake_parse_arguments(arg "" "NAMESPACE;FOLDER;HEADER;FUNCTION;RETURNS;ARGS" "" ${ARGN})
  file(GLOB entries CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/${arg_FOLDER}
       ${CMAKE_CURRENT_SOURCE_DIR}/${arg_FOLDER}/*)
  set(declarations "")
  set(rows "")
  foreach(entry IN LISTS entries)
    file(GLOB plugin_sources ${CMAKE_CURRENT_SOURCE_DIR}/${arg_FOLDER}/${entry}/*.cc)
    if(plugin_sources)
      string(APPEND declarations "namespace ${entry} { ${arg_RETURNS} ${arg_FUNCTION}(${arg_ARGS}); }\n")
      string(APPEND rows "      {\"${entry}\", &${entry}::${arg_FUNCTION}},\n")
    endif()
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${arg_FOLDER}_shelf.cc)
  file(CONFIGURE OUTPUT ${output} CONTENT
"// Written by CMake (lowbit_shelf) from the folders of ${arg_FOLDER}; do not edit.
#include \"${arg_HEADER}\"
namespace ${arg_NAMESPACE} {
${declarations}
const std::vector<ShelfEntry>& ShelfEntries() {
  static const std::vector<ShelfEntry> entries = {
${rows}  };
  return entries;
}
}  // namespace ${arg_NAMESPACE}
" @ONLY)
  target_sources(${target} PRIVATE ${output})
endfunction()
