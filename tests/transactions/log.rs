//! What the log says of an outbox.

use crate::world::World;
use cache_runtime::Outbox;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// Writes down every warning of this thread.
#[derive(Clone, Default)]
struct Scribe(Arc<Mutex<String>>);

impl Subscriber for Scribe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target() == "cache_runtime"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut lines = self.0.lock().expect("not poisoned");
        event.record(&mut Line(&mut lines));
        lines.push('\n');
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line<'s>(&'s mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").expect("a string");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_complained_about_once_and_not_shown() {
    let scribe = Scribe::default();
    let _here = tracing::subscriber::set_default(scribe.clone());
    let world = World::new().await;
    let outbox = Outbox::new(&world.cache, world.file.session());
    world.writer.leave(&["forget the secret".to_owned()]);
    let refusal = "CREATE TRIGGER refusal BEFORE DELETE ON cache_outbox
                   BEGIN SELECT RAISE(ABORT, 'refused'); END";
    world.writer.run(refusal);
    for _ in 0..2 {
        outbox
            .deliver_pending()
            .await
            .expect_err("it cannot be removed");
    }
    world.writer.run("DROP TRIGGER refusal");
    outbox.deliver_pending().await.expect("it can be removed");
    let log = scribe.0.lock().expect("not poisoned").clone();
    assert_eq!(log.matches("row=1").count(), 1, "{log}");
    assert!(!log.contains("secret"), "{log}");
}
