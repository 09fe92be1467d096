//! Types that a codec cannot hold.

use crate::world::World;
use cache_runtime::cached;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::sync::{Mutex, OnceLock};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// Writes down every event but those at trace level.
struct Scribe(&'static Mutex<Vec<(Level, String)>>);

impl Subscriber for Scribe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cache_runtime" && *metadata.level() <= Level::DEBUG
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let mut lines = self.0.lock().expect("not poisoned");
        lines.push((*event.metadata().level(), line.0));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").expect("a string");
    }
}

/// From here on everything is written down. Events know their subscriber once for a program, so there is one.
fn listen() {
    written_down();
}

fn written_down() -> &'static Mutex<Vec<(Level, String)>> {
    static LINES: OnceLock<&'static Mutex<Vec<(Level, String)>>> = OnceLock::new();
    LINES.get_or_init(|| {
        let lines: &'static Mutex<Vec<(Level, String)>> = Box::leak(Box::default());
        tracing::subscriber::set_global_default(Scribe(lines)).expect("the only one");
        lines
    })
}

/// How often, and at which levels, it was said of this function that a value was not encoded; and what was said first.
fn refusals_of(function: &str) -> (Vec<Level>, String) {
    let lines = written_down().lock().expect("not poisoned");
    let named = format!("function=codecs::refusals::{function} ");
    let said = lines.iter();
    let said = said.filter(|(_, line)| line.contains(&named) && line.contains("cannot be encoded"));
    let (levels, said): (Vec<Level>, Vec<String>) = said.cloned().unzip();
    (levels, said.into_iter().next().unwrap_or_default())
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    id: u64,
    #[serde(flatten)]
    more: BTreeMap<String, u32>,
}

fn open(id: u64) -> Open {
    Open {
        id,
        more: [("rooms".to_owned(), 3)].into(),
    }
}

#[cached(cache = world.cache, key = "open:{id}", codec = bincode, skip(world))]
async fn open_in_bincode(world: &World, id: u64) -> Open {
    world.runs(open(id))
}

#[cached(cache = world.cache, key = "open:{id}", codec = json, skip(world))]
async fn open_in_json(world: &World, id: u64) -> Open {
    world.runs(open(id))
}

#[tokio::test]
async fn a_type_that_describes_itself_is_refused_once_and_works_uncached() {
    listen();
    let world = World::start().await;
    for _ in 0..3 {
        assert_eq!(open_in_bincode(&world, 1).await, open(1));
    }
    assert_eq!(world.ran(), 3, "nothing to hit");
    assert_eq!(world.entry("open:1").await, None);
    let (levels, said) = refusals_of("open_in_bincode");
    assert_eq!(levels, [Level::WARN, Level::DEBUG, Level::DEBUG]);
    assert!(said.contains("not stored"), "{said}");
    assert!(said.contains("cannot be cached with bincode"), "{said}");
    assert!(
        said.contains("choose `codec = json` or `codec = msgpack`"),
        "{said}"
    );
}

#[tokio::test]
async fn with_a_codec_that_names_fields_it_is_stored() {
    listen();
    let world = World::start().await;
    for _ in 0..2 {
        assert_eq!(open_in_json(&world, 1).await, open(1));
    }
    assert_eq!(world.ran(), 1);
    // Now that it is there, the other function can read it.
    assert_eq!(open_in_bincode(&world, 1).await, open(1));
    assert_eq!(world.ran(), 0);
    assert!(refusals_of("open_in_json").0.is_empty());
}

#[cached(cache = world.cache, key = "value:{id}", codec = postcard, skip(world))]
async fn value_in_postcard(world: &World, id: u64) -> Result<Value, String> {
    world.runs(Ok(json!([id, null])))
}

#[cached(cache = world.cache, key = "value:{id}", codec = msgpack, skip(world))]
async fn value_in_msgpack(world: &World, id: u64) -> Result<Value, String> {
    world.runs(Ok(json!([id, null])))
}

#[tokio::test]
async fn so_is_a_value_of_any_shape() {
    listen();
    let world = World::start().await;
    for _ in 0..2 {
        assert_eq!(value_in_postcard(&world, 1).await, Ok(json!([1, null])));
    }
    assert_eq!(world.ran(), 2);
    assert_eq!(world.entry("value:1").await, None);
    assert_eq!(
        refusals_of("value_in_postcard").0,
        [Level::WARN, Level::DEBUG]
    );
    for _ in 0..2 {
        assert_eq!(value_in_msgpack(&world, 1).await, Ok(json!([1, null])));
    }
    assert_eq!(world.ran(), 1);
}
