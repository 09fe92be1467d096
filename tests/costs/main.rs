//! What things cost, in counts that do not depend on the machine: allocations, system calls, crates.

mod allocations;
mod dependencies;
mod memory;
#[cfg(target_os = "linux")]
mod system_calls;
