//! An exhaustive model of the protocol on Redis (`docs/redis-protocol.md`): every order in which a few callers, in two
//! processes, can send the protocol's commands to one Redis or to a cluster of two, with every fault that a budget allows.
//!
//! What is asked of every run: does a read that began after an invalidation was acknowledged ever return an older
//! value; is everybody answered in the end; without faults, is there one computation an invalidation besides those that
//! replace what is valid, one at a time, and does nobody wait for more than two? Who wants to see why a rule is there
//! breaks it ([`Mutation`]) and reads the shortest run that then goes wrong.
//!
//! The steps carry the names of the code's functions. The model knows no time: whatever can expire, expires at any
//! moment, and what is valid may be replaced at any moment, as if its time to live were over. What a process keeps is the
//! subject of a second model, with time ([`local`]). Codecs and patterns that are walked are in neither.

#![forbid(unsafe_code)]

mod begin;
mod behind;
mod budget;
mod canon;
mod cluster;
mod compute;
mod enabled;
mod faults;
mod flight;
pub mod local;
mod mark;
mod moving;
mod mutation;
mod names;
mod pending;
mod read;
mod redis;
mod renewal;
mod report;
mod run;
mod search;
mod setting;
pub mod settings;
mod state;
mod step;
mod write;

pub use budget::Budget;
pub use cluster::{Apart, Slot};
pub use mark::Mark;
pub use mutation::Mutation;
pub use report::{Report, Subject, exhaust, refute, uphold};
pub use setting::Setting;
