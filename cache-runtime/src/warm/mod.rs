//! Warming: what will be asked for is computed before it is.
//!
//! A [`Warmer`] runs [`Job`]s: each lists what is to be warm, and calls an annotated function, a domain cache or what else goes
//! through the cache for every item of its list. At intervals, when the program starts, or when somebody asks for it; several
//! items at a time, and not more of them a second than the source can bear. With a Redis server, one process among all runs a
//! turn of a job. An item that is stored costs a look; with [`Job::ahead`] one that ends soon is computed anew.
//!
//! ```
//! use cache_runtime::warm::{Job, Warmer};
//! use cache_runtime::{Cache, cached};
//! use std::time::Duration;
//!
//! #[cached(ttl = "10m", key = "page:{number}")]
//! async fn page(number: u32) -> Result<String, std::io::Error> {
//!     Ok(format!("page {number}"))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cache = Cache::in_memory();
//! cache.install()?;
//! let warmer = Warmer::new(&cache)
//!     .job(Job::new("first pages", async || (1..=10).collect::<Vec<_>>(), page).every(Duration::from_secs(300)))
//!     .start();
//! let summary = warmer.run("first pages").await.expect("there is such a job");
//! assert_eq!((summary.report.warmed, summary.report.failed), (10, 0));
//! println!("{summary}"); // first pages: 10 warmed, 0 skipped, 0 failed in 1.2ms
//! # Ok(()) }
//! ```
//!
//! Dropped, a warmer stops: what is stored stays, and what was being computed is as if nobody had begun.

mod active;
#[cfg(feature = "cron")]
mod cron;
mod hot;
mod job;
mod pace;
mod run;
mod turn;
mod warmer;

pub use crate::cache::WarmReport;
pub use active::RecentlyActive;
#[cfg(feature = "cron")]
pub use cron::CronError;
pub use hot::Hot;
pub use job::{Job, Listed, Warmed};
pub use run::{Outcome, Progress, Summary};
pub use warmer::{Warmer, Warming};
