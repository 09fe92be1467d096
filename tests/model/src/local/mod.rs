//! A second, smaller model: what a process keeps of what it has read from Redis (the local tier), and until when it may
//! serve it.
//!
//! One process is there in full: its connections with all that is under way on them, what it keeps, the generations that
//! it has captured locally, its callers. The others are what they do to the server, in any order. The protocol itself is
//! as small as it can be: the server executes `begin` in one step. Time is counted in ticks, and what matters is how
//! many have gone by since something was sent or acknowledged; there is no last one.
//!
//! Hits in the process are no steps: in every state it is asked what one would return.

mod budget;
mod canon;
mod claims;
mod enabled;
mod link;
mod mark;
mod message;
mod mirror;
mod mutation;
mod queue;
mod reader;
mod run;
mod search;
mod server;
mod setting;
pub mod settings;
mod state;
mod step;
mod writer;

pub use budget::Budget;
pub use mark::Mark;
pub use mutation::Mutation;
pub use setting::Setting;
