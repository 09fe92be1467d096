//! Writes down what the audit log tells.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber, span};

/// The fields of an event.
pub(crate) type Line = BTreeMap<String, String>;

#[derive(Clone, Default)]
pub(crate) struct Scribe(Arc<Mutex<Vec<Line>>>);

impl Scribe {
    /// Of this thread, as long as the guard lives.
    pub(crate) fn begins() -> (Self, DefaultGuard) {
        let scribe = Scribe::default();
        let guard = tracing::subscriber::set_default(scribe.clone());
        (scribe, guard)
    }

    /// What was told since this was asked for the last time.
    pub(crate) fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.0.lock().expect("not poisoned"))
    }

    /// The same as `operation outcome actor`, without those that cannot be told apart by where they were answered.
    pub(crate) fn summary(&self) -> Vec<String> {
        let line = |line: Line| {
            let outcome = line["outcome"].replace("Server", "Local");
            format!("{} {outcome} {}", line["operation"], line["actor"])
        };
        self.take().into_iter().map(line).collect()
    }
}

impl Subscriber for Scribe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cache_runtime::audit" && *metadata.level() == Level::INFO
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(Line::new());
        event.record(&mut fields);
        self.0.lock().expect("not poisoned").push(fields.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Fields(Line);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}
