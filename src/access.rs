//! Pure: who can write where, and which owner the host will see.
