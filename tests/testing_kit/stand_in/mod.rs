//! The stand-in for a server beside a real one: both are told the same, and have to answer the same and tell the same.

mod client;
mod compare;
mod refusals;
mod steps;

use compare::Pair;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use test_servers::RedisServer;
use tokio::runtime::Builder;

/// `STAND_IN_CASES` in the environment makes it longer.
const CASES: u32 = 60;

#[test]
fn it_answers_and_tells_as_a_real_server_does() {
    let runtime = || {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().build().expect("a runtime")
    };
    let real = runtime().block_on(RedisServer::start());
    let cases = std::env::var("STAND_IN_CASES").map(|cases| cases.parse().expect("a number"));
    let config = Config {
        cases: cases.unwrap_or(CASES),
        failure_persistence: None,
        ..Config::default()
    };
    let steps = prop::collection::vec(steps::step(), 1..60);
    let compared = TestRunner::new(config).run(&steps, |steps| {
        runtime().block_on(async {
            let mut pair = Pair::new(&real).await;
            for (number, step) in steps.iter().enumerate() {
                if let Err(difference) = pair.take(step).await {
                    let message = format!("step {number}, {step:?}: {difference}");
                    return Err(TestCaseError::fail(message));
                }
            }
            Ok(())
        })
    });
    if let Err(error) = compared {
        panic!("{error}");
    }
}
