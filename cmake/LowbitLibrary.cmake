include(GNUInstallDirs)

# lowbit_library(NAME [FOLDER folder] DEPS target...)
#
# Makes lowbit::NAME out of every *.cc below lowbit/<folder> (default: lowbit/NAME), and lowbit_NAME_test out of every
# *_test.cc there. Files named fuzz_*.cc, *_main.cc and main.cc are left to the folder's own CMakeLists.txt.
# A folder that holds its own CMakeLists.txt is another library and is not walked into.
function(lowbit_library name)
  cmake_parse_arguments(arg "" "FOLDER" "DEPS;PRIVATE_DEPS;TEST_DEPS" ${ARGN})
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
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/fuzz_[^/]*|_main|/main)\\.cc$")

  if(sources)
    add_library(lowbit_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_sources(lowbit_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
    target_link_libraries(lowbit_${name} PRIVATE $<BUILD_INTERFACE:lowbit_compile_options>)
  else()
    add_library(lowbit_${name} INTERFACE)
    set(scope INTERFACE)
    target_sources(lowbit_${name} INTERFACE FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  endif()
  add_library(lowbit::${name} ALIAS lowbit_${name})
  set_target_properties(lowbit_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(lowbit_${name} ${scope} ${arg_DEPS})
  if(sources)
    target_link_libraries(lowbit_${name} PRIVATE ${arg_PRIVATE_DEPS})
  endif()

  if(LOWBIT_TESTS AND tests)
    add_executable(lowbit_${name}_test ${tests})
    target_link_libraries(lowbit_${name}_test PRIVATE lowbit_${name} lowbit_compile_options ${arg_PRIVATE_DEPS}
                                                      ${arg_TEST_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND lowbit_${name}_test)
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
