//! The dashboard in a browser: a real service under load, and Chromium without a window, which is told what to do over a pipe.
//!
//! It needs `chromium`; `tests/run` installs it. `CHROMIUM=/path/to/one` takes another.
//!
//! To look at the page oneself:
//!
//! ```text
//! SCREENSHOTS=../pictures cargo test --features http --test dashboard -- --ignored
//! ```

mod base64;
mod browser;
#[path = "../../examples/dashboard/load.rs"]
mod load;
mod page;
mod reading;
mod screenshots;
mod service;
#[path = "../../examples/dashboard/shop.rs"]
mod shop;
mod tab;
