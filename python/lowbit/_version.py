"""The version of the package: that of the runtime it is for (project() in the top CMakeLists.txt)."""

VERSION = "0.1.0"
