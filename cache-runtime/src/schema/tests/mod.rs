//! What fingerprints tell apart, what types a walk gets through, and what it refuses for which codec.

mod changes;
mod refusals;
mod walks;
