//! How values are written on a server, as their functions choose; and what those are told who ask whether the server
//! did as it was asked.

#![forbid(unsafe_code)]

mod choices;
mod damaged;
mod errors;
mod refusals;
mod world;
