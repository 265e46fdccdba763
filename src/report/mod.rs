//! One report, all renderers.
