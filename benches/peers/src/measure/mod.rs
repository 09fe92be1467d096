//! Measuring candidates in turn, so that whatever else the machine does falls on all of them.

mod candidate;
mod load;
mod rounds;
mod statistics;

pub(crate) use candidate::{Candidate, Served};
pub(crate) use load::Load;
pub(crate) use rounds::{Rounds, in_turn, turns};
pub(crate) use statistics::{median, quantile};
