//! What is kept warm.

use crate::error::Refused;
use crate::seed::PROMPTS;
use crate::service::Service;
use cache_runtime::warm::{Job, Warmer, Warming};
use std::sync::Arc;
use std::time::Duration;

/// So many users are expected after a restart.
const EXPECTED: u32 = 1_200;

/// Starts the warmer; with a bar on the terminal, if there is one.
pub(crate) fn start(service: &Arc<Service>, with_bar: bool) -> Warming {
    let warmer = Warmer::new(&service.cache)
        .concurrency(32)
        .job(expected(service).at_start())
        .job(
            prompts(service)
                .at_start()
                .every(Duration::from_secs(3_600)),
        )
        .job(active(service).every(Duration::from_secs(120)));
    if with_bar {
        let bar = indicatif::ProgressBar::new(0);
        let shown = move |progress: &cache_runtime::warm::Progress| {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
            if progress.done == progress.total {
                bar.finish_and_clear();
            }
        };
        warmer.on_progress(shown).start()
    } else {
        warmer.start()
    }
}

/// What those need who were there last, when everybody comes back at once.
fn expected(service: &Arc<Service>) -> Job {
    let (list, each) = (Arc::clone(service), Arc::clone(service));
    let list = move || {
        let service = Arc::clone(&list);
        async move { service.expected(EXPECTED).await }
    };
    Job::new("expected users", list, move |(session, user)| {
        let service = Arc::clone(&each);
        async move { needs(&service, &session, &user).await }
    })
    .concurrency(16)
}

fn prompts(service: &Arc<Service>) -> Job {
    let service = Arc::clone(service);
    let list = || std::future::ready(PROMPTS.to_vec());
    Job::new("prompts", list, move |name| {
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
        service.messages(user, &topic.id, 0).await?;
    }
    Ok(())
}
