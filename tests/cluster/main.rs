//! Redis Cluster: every name lies on one of several servers, slots move, and servers are replaced.

mod failover;
mod finding;
mod kept;
mod moving;
mod order;
mod spread;
mod world;
