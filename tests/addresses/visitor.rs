//! Goes to the address that it is given, or where its environment says, and says whether it got in.

#![forbid(unsafe_code)]

use cache_runtime::{Builder, Cache};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let builder = match std::env::args().nth(1) {
        Some(url) => Ok(Cache::builder().redis(url)),
        None => Builder::from_env(),
    };
    let reached = match builder {
        Ok(builder) => addresses::reached(builder.namespace("app")).await,
        Err(error) => Err(error.to_string()),
    };
    match reached {
        Ok(_) => println!("in"),
        Err(why) => println!("out: {why}"),
    }
}
