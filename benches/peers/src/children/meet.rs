//! Many callers of one slow function, released at one moment.

use super::role::{Commands, say};
use crate::clock;
use crate::peers::caller::Caller;
use crate::user::{Answer, runs};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Says `ready` when all of them wait, hears `go`, and says `done`: how often the body ran here, how many calls
/// failed, and when the last one returned.
pub(super) async fn meet(caller: &Caller, id: u64, tasks: u64, commands: &mut Commands) {
    // So that a connection which is opened by the first call is open. Another id for every process and time.
    let other = 1_000_000_000 + u64::from(std::process::id()) * 10_000 + id;
    let warmed = caller(other).await;
    warmed.expect("a first call");
    let before = runs();
    let (release, released) = watch::channel(false);
    let mut calls = JoinSet::new();
    for _ in 0..tasks {
        let (caller, mut released) = (Arc::clone(caller), released.clone());
        calls.spawn(async move {
            let _ = released.wait_for(|released| *released).await;
            // What it says is looked at when all have returned.
            (caller(id).await, clock::now())
        });
    }
    say("ready");
    let go = commands.next_line().await.expect("a line");
    assert_eq!(go.as_deref(), Some("go"));
    release.send_replace(true);
    let mut failed = 0;
    let mut last = 0;
    for (answer, returned) in calls.join_all().await {
        match answer {
            Ok(user) => assert!(user.is_right(id), "a wrong value"),
            Err(error) => {
                if failed == 0 {
                    eprintln!("a call failed: {error}");
                }
                failed += 1;
            }
        }
        last = last.max(returned);
    }
    say(&format!("done {} {failed} {last}", runs() - before));
}
