//! The other side: what a child does.

use super::{delete::Deleting, meet, watch::Watching};
use crate::peers::caller;
use std::collections::HashMap;
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};

pub(super) type Commands = Lines<BufReader<Stdin>>;

/// Obeys until there are no more commands.
pub(crate) async fn obey(url: &str) {
    let mut commands = BufReader::new(stdin()).lines();
    let mut callers = HashMap::new();
    let (watching, deleting) = (Watching::new(url), Deleting::new(url));
    while let Some(line) = commands.next_line().await.expect("a line") {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["meet", name, id, tasks] => {
                if !callers.contains_key(name) {
                    callers.insert(name.to_owned(), caller::slow(name, url).await);
                }
                meet::meet(&callers[name], number(id), number(tasks), &mut commands).await;
            }
            ["watch", name, id] => watching.watch(name, number(id)).await,
            ["delete", name, id] => deleting.delete(name, number(id)).await,
            _ => panic!("unknown: {line}"),
        }
    }
}

fn number(word: &str) -> u64 {
    word.parse().expect("a number")
}

/// The parent reads it at once.
pub(super) fn say(line: &str) {
    println!("{line}");
}
