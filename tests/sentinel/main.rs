//! A primary, a replica, and three Sentinels that watch them: real processes, failovers, and what a cache makes of them.

mod failover;
mod finding;
mod world;
