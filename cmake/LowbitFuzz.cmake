# lowbit_fuzz_target(LIBRARY FILE): the executable <stem of FILE> out of lowbit/**/fuzz_<what>.cc, which defines
# LLVMFuzzerTestOneInput. With LOWBIT_FUZZ it is a libFuzzer program (tools/fuzz.sh runs it). Otherwise, where tests are
# built, it is a test: it feeds every file of tests/fuzz/corpus/fuzz_<what>, whole and damaged, to the same function.

if(LOWBIT_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "LOWBIT_FUZZ needs clang: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

function(lowbit_fuzz_target library file)
  get_filename_component(name ${file} NAME_WE)
  if(LOWBIT_FUZZ)
    add_executable(${name} ${file})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  elseif(LOWBIT_TESTS)
    add_executable(${name} ${file} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    add_test(NAME ${name} COMMAND ${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 120)
  else()
    return()
  endif()
  target_link_libraries(${name} PRIVATE lowbit_${library} lowbit_compile_options)
endfunction()
