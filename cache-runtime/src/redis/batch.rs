//! Gathering the reads of many tasks into one `MGET`; on a cluster, into one batch of `MGET`s, each of names of one slot.
//!
//! At a few microseconds a command the client is the bottleneck, not the server, and most calls read the same
//! generations (the root, the scope of a function). So the first reader opens a batch and lets the other tasks that
//! are ready run once; whatever they want to read joins it, every name once, and one command fetches it all.
//! A reader who finds nothing under way does not wait for others.
//!
//! Whoever opened the batch drives it. If that future is dropped, a task of its own goes on; if nobody polls it, the
//! others soon ask for themselves.

use super::link::{Failure, Line, Link, refusal, unexpected};
use super::sequence::Moment;
use super::slot;
use crate::sync::{lock, within};
use foldhash::quality::RandomState;
use redis::{Cmd, Pipeline, Value};
use std::collections::HashMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// Names in one command. More would keep other clients of the server waiting.
const MOST_NAMES: usize = 1_000;
const FEW_NAMES: usize = 16;
/// The part of the time for a reply that a reader waits for the one who sends.
const PART_FOR_OTHERS: u32 = 4;

/// The batch that can be joined at present, of one connection.
#[derive(Default)]
pub(super) struct Batches {
    open: Mutex<Option<Arc<Batch>>>,
    /// Batches that were opened and have not been answered.
    under_way: AtomicUsize,
    /// How many readers the last one had.
    last: AtomicUsize,
}

struct Batch {
    names: Mutex<Gathered>,
    /// The names, once they are sent.
    sent: OnceLock<Vec<String>>,
    reply: OnceLock<Result<Vec<Value>, Failure>>,
    answered: Notify,
}

#[derive(Default)]
struct Gathered {
    names: Vec<String>,
    /// Where the first so many are.
    places: HashMap<String, usize, RandomState>,
    looked_at: usize,
    readers: usize,
    /// What begins when they are sent.
    begins: Vec<Arc<Moment>>,
}

/// What one reader asks for.
pub(super) enum Names {
    /// One that hardly anybody else asks for at the same moment: not worth looking for.
    One(String),
    Several(Vec<String>),
}

impl Names {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Names::One(name) => std::slice::from_ref(name),
            Names::Several(names) => names,
        }
    }
}

/// Where that is in the reply.
enum Places {
    One(usize),
    Several(Box<[usize]>),
}

impl Places {
    fn as_slice(&self) -> &[usize] {
        match self {
            Places::One(place) => std::slice::from_ref(place),
            Places::Several(places) => places,
        }
    }
}

impl Gathered {
    fn join(&mut self, names: Names, begins: Option<&Arc<Moment>>) -> Places {
        self.readers += 1;
        self.begins.extend(begins.cloned());
        match names {
            Names::One(name) => Places::One(self.push(name)),
            Names::Several(names) => {
                Places::Several(names.into_iter().map(|name| self.place(name)).collect())
            }
        }
    }

    fn push(&mut self, name: String) -> usize {
        self.names.push(name);
        self.names.len() - 1
    }

    fn place(&mut self, name: String) -> usize {
        // Most batches have one reader, and a few names are found faster by looking.
        if self.names.len() < FEW_NAMES {
            if let Some(place) = self.names.iter().position(|other| *other == name) {
                return place;
            }
        } else {
            // Also those that came when there were fewer, or that nobody looked for.
            for place in self.looked_at..self.names.len() {
                self.places.insert(self.names[place].clone(), place);
            }
            self.looked_at = self.names.len();
            if let Some(&place) = self.places.get(&name) {
                return place;
            }
            self.places.insert(name.clone(), self.names.len());
            self.looked_at += 1;
        }
        self.push(name)
    }
}

/// What was read from one server: a view of the values of one reader in the reply to all.
pub(super) struct Values {
    batch: Arc<Batch>,
    places: Places,
}

impl Values {
    /// The value of the name that was asked for at this position.
    pub(super) fn get(&self, position: usize) -> Option<&[u8]> {
        match self.value(position)? {
            Value::BulkString(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn value(&self, position: usize) -> Option<&Value> {
        let place = *self.places.as_slice().get(position)?;
        match self.batch.reply.get()? {
            Ok(values) => values.get(place),
            Err(_) => None,
        }
    }

    /// Why one of the names was not read. On a cluster some may be, and others not.
    fn failure(&self) -> Option<Failure> {
        let values = (0..self.places.as_slice().len()).filter_map(|at| self.value(at));
        let mut refused = values.filter_map(|value| match value {
            Value::ServerError(error) => Some(refusal(error)),
            _ => None,
        });
        refused.next()
    }

    /// What was read for one reader alone.
    fn alone(values: Vec<Value>) -> Self {
        let places = Places::Several((0..values.len()).collect());
        let batch = Batch {
            names: Mutex::default(),
            sent: OnceLock::new(),
            reply: OnceLock::from(Ok(values)),
            answered: Notify::new(),
        };
        Values {
            batch: Arc::new(batch),
            places,
        }
    }
}

pub(super) fn generation(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// Reads `names` at once, from the connection whose turn it is. What `begins` does so when they are sent.
///
/// `more_to_come`: the caller has further reads to begin.
pub(super) async fn read(
    link: &Arc<Link>,
    names: Names,
    begins: Option<&Arc<Moment>>,
    more_to_come: bool,
) -> Result<Values, Failure> {
    let at = link.next_line();
    let (values, opened) = link.lines()[at].batches.join(names, begins);
    if opened {
        let (link, batch) = (Arc::clone(link), Arc::clone(&values.batch));
        Driven::new(async move {
            batch.send(&link, at, more_to_come).await;
        })
        .await;
    }
    let batch = &values.batch;
    if batch.reply.get().is_none() {
        within(link.patience / PART_FOR_OTHERS, pin!(batch.answered())).await;
    }
    let line = &link.lines()[at];
    if batch.reply.get().is_none() {
        line.batches.close(batch);
        // Whoever should send it may be part of a runtime that has ended, or of a future that nobody polls.
        if batch.sent.get().is_none() {
            let names = batch.names_of(values.places.as_slice());
            begins.inspect(|moment| moment.begins_with_this());
            let values = Values::alone(ask(line, link.patience, &names).await?);
            return values.failure().map_or(Ok(values), Err);
        }
        let left = link.patience - link.patience / PART_FOR_OTHERS;
        within(left, pin!(batch.answered())).await;
    }
    match batch.reply.get() {
        Some(Ok(_)) if line.is_of_cluster => values.failure().map_or(Ok(values), Err),
        Some(Ok(_)) => Ok(values),
        Some(Err(failure)) => Err(failure.clone()),
        None => Err(Failure::TimedOut),
    }
}

/// Counts for as long as it lives.
struct UnderWay<'b>(&'b AtomicUsize);

impl<'b> UnderWay<'b> {
    fn new(under_way: &'b AtomicUsize) -> Self {
        under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(under_way)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Batches {
    /// Puts `names` into the open batch. Returns whether it had to be opened.
    fn join(&self, names: Names, begins: Option<&Arc<Moment>>) -> (Values, bool) {
        let mut open = lock(&self.open);
        if let Some(batch) = &*open {
            let mut gathered = lock(&batch.names);
            if gathered.names.len() + names.as_slice().len() <= MOST_NAMES {
                let places = gathered.join(names, begins);
                let batch = Arc::clone(batch);
                drop(gathered);
                return (Values { batch, places }, false);
            }
        }
        let mut gathered = Gathered::default();
        let places = gathered.join(names, begins);
        let batch = Arc::new(Batch {
            names: Mutex::new(gathered),
            sent: OnceLock::new(),
            reply: OnceLock::new(),
            answered: Notify::new(),
        });
        *open = Some(Arc::clone(&batch));
        (Values { batch, places }, true)
    }

    /// From here on nothing joins this batch.
    fn close(&self, batch: &Arc<Batch>) {
        let mut open = lock(&self.open);
        if open.as_ref().is_some_and(|other| Arc::ptr_eq(other, batch)) {
            *open = None;
        }
    }
}

impl Batch {
    /// The names of one reader, of a batch that is not sent.
    fn names_of(&self, places: &[usize]) -> Vec<String> {
        let gathered = lock(&self.names);
        let names = self.sent.get().unwrap_or(&gathered.names);
        let names = places.iter().filter_map(|&place| names.get(place));
        names.cloned().collect()
    }

    async fn send(self: Arc<Self>, link: &Arc<Link>, at: usize, more_to_come: bool) {
        let line = &link.lines()[at];
        let under_way = UnderWay::new(&line.batches.under_way);
        // With one reader at a time there is nobody to wait for.
        let batches = &line.batches;
        let seen = batches
            .under_way
            .load(Ordering::Relaxed)
            .max(batches.last.load(Ordering::Relaxed));
        if more_to_come || seen > 1 {
            tokio::task::yield_now().await;
        }
        batches.close(&self);
        let readers = {
            let mut gathered = lock(&self.names);
            // Under the lock, so that the names are never nowhere.
            let _only_once = self.sent.set(std::mem::take(&mut gathered.names));
            let begins = std::mem::take(&mut gathered.begins);
            begins.iter().for_each(|moment| moment.begins_with_this());
            gathered.readers
        };
        batches.last.store(readers, Ordering::Relaxed);
        drop(under_way);
        match Handle::try_current() {
            // Others wait for the answer, and nobody may poll this future any more.
            Ok(runtime) if readers > 1 => {
                let (batch, link) = (Arc::clone(&self), Arc::clone(link));
                runtime.spawn(async move { batch.ask(&link, at).await });
                self.answered().await;
            }
            _ => self.ask(link, at).await,
        }
    }

    async fn ask(&self, link: &Arc<Link>, at: usize) {
        let line = &link.lines()[at];
        let _under_way = UnderWay::new(&line.batches.under_way);
        let names = self.sent.get().map_or(&[][..], Vec::as_slice);
        let reply = ask(line, link.patience, names).await;
        if self.reply.set(reply).is_ok() {
            self.answered.notify_waiters();
        }
    }

    async fn answered(&self) {
        loop {
            let mut woken = pin!(self.answered.notified());
            // From here on no wake-up is missed, so the reply is looked for after it.
            woken.as_mut().enable();
            if self.reply.get().is_some() {
                return;
            }
            woken.await;
        }
    }
}

async fn ask(line: &Line, patience: Duration, names: &[String]) -> Result<Vec<Value>, Failure> {
    if line.is_of_cluster {
        return ask_by_slot(line, patience, names).await;
    }
    let command = asking(names.iter());
    match within(patience, pin!(line.send(&command))).await {
        // What holds something else than a value: `MGET` has nothing there, `GET` an error.
        Some(Err(Failure::Refused(why))) if *why == *"WRONGTYPE" => Ok(vec![Value::Nil]),
        Some(Ok(value @ (Value::BulkString(_) | Value::Nil))) if names.len() == 1 => {
            Ok(vec![value])
        }
        Some(Ok(Value::Array(values))) if values.len() == names.len() => Ok(values),
        Some(Ok(other)) => Err(unexpected(&other)),
        Some(Err(failure)) => Err(failure),
        None => Err(Failure::TimedOut),
    }
}

fn asking<'n>(names: impl ExactSizeIterator<Item = &'n String> + Clone) -> Cmd {
    let mut command = Cmd::with_capacity(names.len() + 1, names.clone().map(String::len).sum());
    command.arg(if names.len() == 1 { "GET" } else { "MGET" });
    for name in names {
        command.arg(name);
    }
    command
}

/// The names of one slot are read at one moment, as the names of one server are otherwise. What could not be read is an
/// error among the values.
async fn ask_by_slot(
    line: &Line,
    patience: Duration,
    names: &[String],
) -> Result<Vec<Value>, Failure> {
    let mut groups: Vec<(u16, usize)> = names.iter().map(|name| slot::of(name)).zip(0..).collect();
    groups.sort_by_key(|(slot, _)| *slot);
    let same = |one: &(u16, usize), other: &(u16, usize)| one.0 == other.0;
    let mut commands = Pipeline::with_capacity(groups.len());
    for group in groups.chunk_by(same) {
        commands.add_command(asking(group.iter().map(|(_, place)| &names[*place])));
    }
    let sent = within(patience, pin!(line.send_all_as_it_is(&commands))).await;
    let replies = sent.ok_or(Failure::TimedOut)??;
    let mut values = vec![Value::Nil; names.len()];
    for (group, reply) in groups.chunk_by(same).zip(replies) {
        match reply {
            Value::Array(found) if found.len() == group.len() => {
                for (value, (_, place)) in found.into_iter().zip(group) {
                    values[*place] = value;
                }
            }
            // As `MGET` has nothing there.
            Value::ServerError(error) if error.code() == "WRONGTYPE" => {}
            Value::ServerError(error) => {
                if let lost @ Failure::Lost(_) = refusal(&error) {
                    return Err(lost);
                }
                for (_, place) in group {
                    values[*place] = Value::ServerError(error.clone());
                }
            }
            value @ (Value::BulkString(_) | Value::Nil) if group.len() == 1 => {
                values[group[0].1] = value;
            }
            other => return Err(unexpected(&other)),
        }
    }
    Ok(values)
}

/// A future that goes on in a task of its own when it is dropped before its end.
struct Driven {
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Driven {
    fn new(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Driven {
            future: Some(Box::pin(future)),
        }
    }
}

impl Future for Driven {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(future) = &mut self.future else {
            return Poll::Ready(());
        };
        let polled = future.as_mut().poll(context);
        if polled.is_ready() {
            self.future = None;
        }
        polled
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        // Without a runtime there is no connection either, and nobody who waits.
        if let (Some(future), Ok(runtime)) =
            (self.future.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(future);
        }
    }
}
