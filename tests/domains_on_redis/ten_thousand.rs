//! The update of one user of ten thousand.

use crate::backend::process;
use crate::rows::*;
use cache_domains::*;
use test_servers::Deployment;

const USERS: usize = 10_000;

#[tokio::test]
async fn one_user_is_cold_and_nobody_else_for_a_few_commands() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let ids: Vec<String> = (0..USERS).map(|n| format!("u{n}")).collect();
    let (profiles, auths, lists) = (
        UserProfileCache::new(&cache),
        UserAuthCache::new(&cache),
        ConversationListCache::new(&cache),
    );
    let all = |ids: &[String]| ids.iter().map(|id| profile(id)).collect::<Vec<_>>();
    assert_eq!(profiles.put_many(&all(&ids)).await, USERS);
    let all: Vec<_> = ids.iter().map(|id| auth(id)).collect();
    assert_eq!(auths.put_many(&all).await, USERS);
    let all: Vec<_> = ids.iter().map(|id| conversations(id, "all")).collect();
    assert_eq!(lists.put_many(&all).await, USERS);

    let before = server.commands().await;
    changes::user(&cache, "u5000").await;
    let sent = server.commands().await - before;
    println!("{sent} commands for one user of {USERS}");
    // Each server is asked how many there were, and whether it is there.
    assert!(sent <= 8 * server.servers().len() as u64, "{sent} commands");

    let found = profiles.get_many(ids.clone()).await;
    let cold: Vec<usize> = (0..USERS).filter(|nth| found[*nth].is_none()).collect();
    assert_eq!(cold, [5_000]);
    let found = auths.get_many(ids.clone()).await;
    let cold: Vec<usize> = (0..USERS).filter(|nth| found[*nth].is_none()).collect();
    assert_eq!(cold, [5_000]);
    let pairs = ids.iter().map(|id| (id.clone(), "all".to_owned()));
    let found = lists.get_many(pairs).await;
    let cold: Vec<usize> = (0..USERS).filter(|nth| found[*nth].is_none()).collect();
    assert_eq!(cold, [5_000]);
    assert_eq!(profiles.by_email("u5000@example.org").await, None);
    assert!(profiles.by_email("u4999@example.org").await.is_some());
}
