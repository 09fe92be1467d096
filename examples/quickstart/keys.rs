//! The keys as they stand on the server, where there is one: entries under the keys their authors wrote, and the
//! generations they hang on.

use crate::show::{Failure, note};
use redis::AsyncCommands;
use std::collections::BTreeSet;

const SHOWN: usize = 30;

/// Shows the keys of `namespace` on the server at `url`.
pub(crate) async fn show(url: &str, namespace: &str) -> Result<(), Failure> {
    let mut server = redis::Client::open(url)?
        .get_multiplexed_async_connection()
        .await?;
    let names = names(&mut server, namespace).await?;
    note(&format!(
        "{} keys; any of the generations deleted, and its entries are misses:\n",
        names.len()
    ));
    for name in names.iter().take(SHOWN) {
        let (left, size): (i64, usize) = (server.pttl(name).await?, server.strlen(name).await?);
        let left = match left {
            0.. => format!("{} s left", left / 1_000),
            _ => "for ever".to_owned(),
        };
        let holds = if is_ours(name, namespace) {
            let number: String = server.get(name).await?;
            format!("generation {number}")
        } else {
            format!("entry, {size} bytes")
        };
        println!("   {name:<52} {left:>12}  {holds}");
    }
    if names.len() > SHOWN {
        note(&format!("… and {} more", names.len() - SHOWN));
    }
    Ok(())
}

/// What the library keeps for itself is marked by a `~` after the namespace.
fn is_ours(name: &str, namespace: &str) -> bool {
    name.strip_prefix(namespace)
        .is_some_and(|rest| rest.starts_with(":~"))
}

async fn names(
    server: &mut redis::aio::MultiplexedConnection,
    namespace: &str,
) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    let mut step = server
        .scan_match::<_, String>(format!("{namespace}:*"))
        .await?;
    while let Some(name) = step.next_item().await {
        names.insert(name?);
    }
    Ok(names)
}
