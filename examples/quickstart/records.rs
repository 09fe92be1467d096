//! The rows of the clinic. What is cached has to be `Clone`, `Serialize` and `Deserialize`.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Patient {
    pub(crate) id: u32,
    pub(crate) name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Visit {
    pub(crate) therapist: u32,
    pub(crate) patient: u32,
    pub(crate) day: String,
    pub(crate) fee: u32,
}

/// A year. Not `Clone`: it is handed out in an `Arc`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) visits: u32,
    /// By revenue, the highest first.
    pub(crate) therapists: Vec<Line>,
}

/// One therapist's year.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) visits: u32,
    /// Of these, visits of patients who had been to the clinic in the thirty days before.
    pub(crate) returning: u32,
    pub(crate) revenue: u32,
}
