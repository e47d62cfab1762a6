# The Python package (python/): where it is installed, and the Python that tests it.
#
# LOWBIT_PYTHON: a Python 3 with NumPy. LOWBIT_PYTHON_FOLDER: where that Python looks for packages, below the prefix.

function(lowbit_imports_numpy result program)
  execute_process(COMMAND ${program} -c "import numpy" RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()
find_program(LOWBIT_PYTHON NAMES python3 VALIDATOR lowbit_imports_numpy DOC "A Python 3 with NumPy, for the tests of python/")

set(folder lib/python3/dist-packages)
if(LOWBIT_PYTHON)
  # lib/python3.11/dist-packages (Debian's own, below /usr/local), lib/python3.11/site-packages (others)
  execute_process(COMMAND ${LOWBIT_PYTHON} -c
                  "import os, sysconfig as s; print(os.path.relpath(s.get_path('purelib'), s.get_path('data')))"
                  OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
  if(NOT failed)
    set(folder ${found})
  endif()
endif()
set(LOWBIT_PYTHON_FOLDER ${folder} CACHE STRING "Where the Python package is installed, below the prefix")
