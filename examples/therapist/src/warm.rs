//! What is kept warm.

use crate::error::Refused;
use crate::seed::{MESSAGES, PAGE, PROMPTS};
use crate::service::Service;
use cache_runtime::warm::{Job, Progress, Summary, Warmer, Warming};
use std::sync::Arc;
use std::time::Duration;

/// So many users are expected after a restart.
const EXPECTED: u32 = 1_200;

const EXPECTED_USERS: &str = "expected users";
const PROMPTS_OF_ALL: &str = "prompts";
const HOUR: Duration = Duration::from_secs(3_600);

/// What is warmed when the application starts, and while it runs.
pub(crate) fn start(service: &Arc<Service>) -> Warming {
    warmer(service)
        .job(expected(service).at_start())
        .job(prompts(service).at_start().every(HOUR))
        .job(active(service).every(Duration::from_secs(120)))
        .start()
}

/// Warms before the application starts what it needs at once, and tells what that was.
pub(crate) async fn before_start(service: &Arc<Service>) -> Vec<Summary> {
    let warming = warmer(service)
        .job(expected(service))
        .job(prompts(service))
        .start();
    for job in [EXPECTED_USERS, PROMPTS_OF_ALL] {
        warming.run(job).await;
    }
    warming.last()
}

/// With a bar on the terminal, if there is one.
fn warmer(service: &Service) -> Warmer {
    let bar = indicatif::ProgressBar::new(0);
    let show = move |progress: &Progress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        if progress.done == progress.total {
            bar.finish_and_clear();
        }
    };
    Warmer::new(&service.cache)
        .concurrency(32)
        .on_progress(show)
}

/// What those need who were there last, when everybody comes back at once.
fn expected(service: &Arc<Service>) -> Job {
    let (list, each) = (Arc::clone(service), Arc::clone(service));
    let list = move || {
        let service = Arc::clone(&list);
        async move { service.expected(EXPECTED).await }
    };
    Job::new(EXPECTED_USERS, list, move |(session, user)| {
        let service = Arc::clone(&each);
        async move { needs(&service, &session, &user).await }
    })
    .concurrency(16)
}

fn prompts(service: &Arc<Service>) -> Job {
    let service = Arc::clone(service);
    let list = || std::future::ready(PROMPTS.to_vec());
    Job::new(PROMPTS_OF_ALL, list, move |name| {
        let service = Arc::clone(&service);
        async move { service.prompt(name).await }
    })
}

/// What users look at who are there, before it ends.
fn active(service: &Arc<Service>) -> Job {
    let (list, each) = (Arc::clone(service), Arc::clone(service));
    let list = move || {
        let service = Arc::clone(&list);
        async move { service.active.recent(500).await }
    };
    Job::new("active users", list, move |user| {
        let service = Arc::clone(&each);
        async move {
            service.auth(&user).await?;
            service.profile(&user).await?;
            service.conversations(&user).await?;
            Ok::<_, Refused>(())
        }
    })
    .ahead(Duration::from_secs(150))
    .concurrency(8)
}

/// Whatever a user may ask for first.
async fn needs(service: &Service, session: &str, user: &str) -> Result<(), Refused> {
    service.session(session).await?;
    service.auth(user).await?;
    service.profile(user).await?;
    service.progress(session, user).await?;
    for topic in service.conversations(user).await?.conversations {
        service.conversation(&topic.id).await?;
        for page in 0..MESSAGES.div_ceil(PAGE) {
            service.messages(user, &topic.id, page).await?;
        }
    }
    Ok(())
}
