//! Finds the places that show that a project wants pgvector.
