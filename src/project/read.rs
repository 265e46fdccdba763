//! Reads all files of a project into one [`super::Project`].
