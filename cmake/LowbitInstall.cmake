# What `cmake --install` puts below the prefix, so that another project can say
#   find_package(lowbit)                      # component runtime: loads and runs .lbm files
#   find_package(lowbit COMPONENTS train)     # all libraries; needs libtorch
# and link lowbit::runtime or lowbit::train.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(LOWBIT_CMAKE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/lowbit)

# Called by lowbit_library.
function(lowbit_install_library target component)
  if(NOT component MATCHES "^(runtime|train)$")
    message(FATAL_ERROR "${target}: COMPONENT is runtime or train, not '${component}'")
  endif()
  if(component STREQUAL "train" AND NOT LOWBIT_TRAIN)
    return()
  endif()
  install(TARGETS ${target} EXPORT lowbit_${component}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component}
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT ${component})
  set_property(GLOBAL PROPERTY LOWBIT_EXPORTS_${component} TRUE)
endfunction()

# Called once, after all libraries.
function(lowbit_install_package)
  set(components runtime)
  if(LOWBIT_TRAIN)
    list(APPEND components train)
  endif()
  foreach(component IN LISTS components)
    get_property(exports GLOBAL PROPERTY LOWBIT_EXPORTS_${component})
    if(exports)
      install(EXPORT lowbit_${component} NAMESPACE lowbit:: DESTINATION ${LOWBIT_CMAKE_FOLDER}
              FILE lowbit-${component}.cmake COMPONENT ${component})
    endif()
  endforeach()
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/lowbitConfig.cmake.in
                                ${PROJECT_BINARY_DIR}/lowbitConfig.cmake INSTALL_DESTINATION ${LOWBIT_CMAKE_FOLDER})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/lowbitConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/lowbitConfig.cmake ${PROJECT_BINARY_DIR}/lowbitConfigVersion.cmake
                ${PROJECT_SOURCE_DIR}/cmake/LowbitDependencies.cmake ${PROJECT_SOURCE_DIR}/cmake/FindSndFile.cmake
          DESTINATION ${LOWBIT_CMAKE_FOLDER} COMPONENT runtime)
endfunction()
