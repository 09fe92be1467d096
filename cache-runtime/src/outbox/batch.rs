//! Rows that are delivered together.

use crate::cache::Cache;
use crate::collecting::{UnreadableLine, line};
use crate::invalidate::{By, Delivery, Target, invalidate_together};
use std::collections::HashMap;

/// Rows, and what they say, each thing once.
pub(super) struct Batch<I> {
    rows: Vec<Row<I>>,
    targets: Vec<(Target, By)>,
}

pub(super) struct Row<I> {
    pub(super) id: I,
    pub(super) is_unreadable: bool,
    /// Which of the targets.
    target: usize,
}

/// What came of a batch.
pub(super) struct Delivered<I> {
    /// Rows whose invalidation has taken effect.
    pub(super) rows: Vec<Row<I>>,
    /// Of all of them.
    pub(super) delivery: Delivery,
}

impl<I> Batch<I> {
    /// Reads the rows. One that cannot be read stands for everything, which is more than it can have meant.
    pub(super) fn read(
        rows: Vec<(I, String)>,
        mut complain: impl FnMut(&I, &UnreadableLine),
    ) -> Self {
        let mut targets = Vec::new();
        let mut places = HashMap::new();
        let rows = rows.into_iter().map(|(id, text)| {
            let read = line::read(&text);
            if let Err(why) = &read {
                complain(&id, why);
            }
            let is_unreadable = read.is_err();
            let target = read.unwrap_or_else(|_| Target::pattern("*"));
            let place = *places.entry(target).or_insert_with_key(|target| {
                targets.push((target.clone(), By::Outbox));
                targets.len() - 1
            });
            Row {
                id,
                is_unreadable,
                target: place,
            }
        });
        Batch {
            rows: rows.collect(),
            targets,
        }
    }

    pub(super) async fn deliver(self, cache: &Cache) -> Delivered<I> {
        let deliveries = invalidate_together(cache, &self.targets).await;
        let all = deliveries.iter().copied();
        let mut rows = self.rows;
        rows.retain(|row| deliveries[row.target] == Delivery::Delivered);
        Delivered {
            rows,
            delivery: all.fold(Delivery::Delivered, Delivery::and),
        }
    }
}
