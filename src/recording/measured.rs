//! What a recording measured.
