//! The servers do what they say; whatever is tested with them relies on it.

#[cfg(target_os = "linux")]
mod ends;
mod replication;
mod restarts;
mod servers;

use std::time::Duration;

/// Longer than anything takes, also on a machine with much to do.
const LONG: Duration = Duration::from_secs(10);

/// Long enough to see that nothing comes.
const SHORT: Duration = Duration::from_millis(150);
