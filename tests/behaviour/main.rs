//! What the embedded cache does, one file a concern.

mod capacity;
mod direct;
mod domains;
mod expiry;
mod held;
mod keys;
mod observability;
mod past;
mod wiring;
