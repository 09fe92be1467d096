//! The rights of the cache's user, as docs/guide/redis.md has them: enough for all that is asked of a server, and not one more.

#![forbid(unsafe_code)]

mod least;
mod without;
mod work;
