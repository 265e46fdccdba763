//! Finds the project that encloses a directory, and the files in it that matter.
