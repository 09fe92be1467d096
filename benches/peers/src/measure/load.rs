//! How often a candidate is called, and by how many tasks.

use crate::user::{Answer, KEYS};
use std::hint::black_box;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) tasks: u64,
    /// By all tasks together.
    pub(crate) calls: u64,
}

impl Load {
    /// How long all calls took, from the first to the last.
    ///
    /// # Panics
    ///
    /// If an answer is about another id than the one that was asked for.
    pub(crate) async fn drive<F, Fut, A>(self, call: F) -> Duration
    where
        F: Fn(u64) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = A> + Send,
        A: Answer,
    {
        let began = Instant::now();
        let mut running = JoinSet::new();
        for task in 0..self.tasks {
            let call = call.clone();
            running.spawn(async move {
                let mut wrong = 0;
                for id in ids(task).take((self.calls / self.tasks) as usize) {
                    let answer = black_box(call(black_box(id)).await);
                    wrong += u64::from(!answer.is_about(id));
                }
                wrong
            });
        }
        let wrong: u64 = running.join_all().await.into_iter().sum();
        let took = began.elapsed();
        assert_eq!(wrong, 0, "answers about something else");
        took
    }
}

/// All ids, in an order that no cache foresees, another for every task.
fn ids(task: u64) -> impl Iterator<Item = u64> {
    (task * 7_919..).map(|n: u64| n.wrapping_mul(2_654_435_761) % KEYS)
}
