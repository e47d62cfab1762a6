# Writes the definitions of lowbit/base/version.h: the version of project() and the commit that is checked out.
# Included by CMakeLists.txt, it makes the target lowbit_version_source; run as a script (cmake -P), it writes the file,
# and leaves it alone when nothing changed.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(LOWBIT_VERSION_SOURCE ${PROJECT_BINARY_DIR}/generated/version.cc)
  find_package(Git QUIET)
  add_custom_target(lowbit_version_source
    COMMAND ${CMAKE_COMMAND} -DGIT=${GIT_EXECUTABLE} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
            -DOUTPUT=${LOWBIT_VERSION_SOURCE} -P ${CMAKE_CURRENT_LIST_FILE}
    BYPRODUCTS ${LOWBIT_VERSION_SOURCE}
    COMMENT "" VERBATIM)
  return()
endif()

set(commit unknown)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty --abbrev=12 --match=v[0-9]*
                  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(commit ${described})
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
"// Written by CMake (LowbitVersion.cmake); do not edit.
#include \"lowbit/base/version.h\"

namespace lowbit {

const char* Version() { return \"${VERSION}\"; }
const char* Commit() { return \"${commit}\"; }

}  // namespace lowbit
" @ONLY)
