//! What the cache tells `tracing`. Target `cache_runtime`; values never, keys at trace level only.

#[cfg(feature = "redis")]
use crate::codec::EncodeError;
use crate::collecting::UnreadableLine;
#[cfg(feature = "redis")]
use crate::format::Untrusted;
use crate::invalidate::By;
use crate::key::encode;
#[cfg(feature = "redis")]
use crate::redis::Failure;
use crate::site::Site;
use crate::warm::{Outcome, Summary};
#[cfg(feature = "testing")]
use crate::witness;
use std::fmt;
use std::future::Future;
use std::time::Duration;
#[cfg(feature = "http")]
use tracing::info;
use tracing::{Instrument, debug, debug_span, trace, warn};

#[inline]
pub(crate) fn hit(site: &Site, key: &str) {
    #[cfg(feature = "testing")]
    witness::hit(site, &Shown(site, key));
    trace!(target: "cache_runtime", function = %Named(site), key = %Shown(site, key), "hit");
}

/// Of an entry that this process keeps, though there is a server.
#[cfg(feature = "redis")]
#[inline]
pub(crate) fn local_hit(site: &Site, key: &str) {
    #[cfg(feature = "testing")]
    witness::hit(site, &Shown(site, key));
    trace!(target: "cache_runtime", function = %Named(site), key = %Shown(site, key), "local hit");
}

pub(crate) fn miss(site: &Site, key: &str, why: impl FnOnce() -> &'static str) {
    #[cfg(feature = "testing")]
    let why = {
        let why = why();
        witness::missed(site, &Shown(site, key), why);
        move || why
    };
    trace!(target: "cache_runtime", function = %Named(site), key = %Shown(site, key), why = why(), "miss");
}

/// The link's own losses are logged at `warn`; this is one call that felt it.
#[cfg(feature = "redis")]
pub(crate) fn unavailable(site: &Site, failure: &Failure) {
    debug!(target: "cache_runtime", function = %Named(site), why = %failure, "without the cache");
}

#[cfg(feature = "redis")]
pub(crate) fn not_stored(site: &Site, failure: &Failure) {
    #[cfg(feature = "testing")]
    witness::not_stored(site, &format_args!("{failure}"));
    debug!(target: "cache_runtime", function = %Named(site), why = %failure, "not stored");
}

#[cfg(feature = "redis")]
pub(crate) fn untrusted(site: &Site, why: &Untrusted) {
    // It will not get better by itself.
    let about_encryption = match why {
        Untrusted::Key => "encrypted with a key that is not there",
        Untrusted::Forged => "encrypted with another key of that name, or was changed",
        Untrusted::Clear => "not encrypted, and has to be: a process without keys has written it",
        _ => "",
    };
    if !about_encryption.is_empty() && site.finds_unsuited(about_encryption) {
        warn!(target: "cache_runtime", function = %Named(site),
            "an entry on the server is {about_encryption}; it counts as none, and so will others (CACHE_ENCRYPTION_KEYS)");
        return;
    }
    debug!(target: "cache_runtime", function = %Named(site), %why, "an entry cannot be trusted; it counts as none");
}

#[cfg(feature = "redis")]
pub(crate) fn not_encoded(site: &Site, why: &EncodeError) {
    #[cfg(feature = "testing")]
    witness::not_stored(site, &format_args!("the value cannot be encoded: {why}"));
    let about = why.about();
    // An author's own `Serialize` may quote what it cannot write.
    let why: &dyn fmt::Display = if site.sensitive { &about } else { why };
    // What is refused once is mostly refused at every call.
    if !site.finds_unsuited(about) {
        debug!(target: "cache_runtime", function = %Named(site), %why, "not stored: the value cannot be encoded");
    } else {
        warn!(target: "cache_runtime", function = %Named(site), %why, "not stored: the value cannot be encoded");
    }
}

#[cfg(feature = "redis")]
pub(crate) fn too_many_guards(site: &Site, guards: usize) {
    #[cfg(feature = "testing")]
    witness::not_stored(site, &"the value depends on too many tags, scopes and keys");
    warn!(target: "cache_runtime", function = %Named(site), guards,
        "not stored: the value depends on too many tags, scopes and keys");
}

/// Nobody asks why, and nothing is computed.
#[cfg(feature = "testing")]
pub(crate) fn absent(site: &Site, key: &str) {
    witness::missed(site, &Shown(site, key), "absent");
}

/// A call that goes past the cache.
#[cfg(feature = "testing")]
pub(crate) fn past(site: &Site, key: &str) {
    witness::passed(site, &Shown(site, key));
}

/// Runs a computation inside a span of its own.
pub(crate) fn computation<F: Future>(
    site: &Site,
    key: &str,
    body: F,
) -> impl Future<Output = F::Output> {
    #[cfg(feature = "testing")]
    witness::ran(site, &Shown(site, key));
    trace!(target: "cache_runtime", function = %Named(site), key = %Shown(site, key), "computing");
    body.instrument(debug_span!(target: "cache_runtime", "cache.compute", function = %Named(site)))
}

/// Waits for the server's answer to a look-up inside a span of its own. Nobody comes here who is answered by this process.
#[cfg(feature = "redis")]
pub(crate) fn asking<F: Future>(site: &Site, question: F) -> impl Future<Output = F::Output> {
    // What OpenTelemetry wants to know, to draw the server beside the service.
    question.instrument(
        debug_span!(target: "cache_runtime", "cache.server", function = %Named(site),
        otel.kind = "client", db.system.name = "redis"),
    )
}

pub(crate) fn fenced(site: &Site, key: &str) {
    #[cfg(feature = "testing")]
    witness::not_stored(site, &"it was invalidated while it was computed");
    debug!(target: "cache_runtime", function = %Named(site),
        "not stored: invalidated while it was computed");
    trace!(target: "cache_runtime", function = %Named(site), key = %Shown(site, key), "fenced");
}

pub(crate) fn too_large(site: &Site, bytes: u64) {
    #[cfg(feature = "testing")]
    witness::not_stored(
        site,
        &"the value is larger than the room of a shard; raise `max_bytes`",
    );
    const WHY: &str = "not stored: the value is larger than the room of a shard; raise `max_bytes`";
    // What is too large once is mostly so at every call.
    if site.finds_unsuited(WHY) {
        warn!(target: "cache_runtime", function = %Named(site), bytes, "{WHY}");
    } else {
        debug!(target: "cache_runtime", function = %Named(site), bytes, "{WHY}");
    }
}

pub(crate) fn declined(site: &Site) {
    #[cfg(feature = "testing")]
    witness::not_stored(
        site,
        &"it was not to be: there was nothing (`negative` stores that), its time to live is zero, or `unless` said so",
    );
    trace!(target: "cache_runtime", function = %Named(site), "not stored: it was not to be");
}

pub(crate) fn another_record(site: &Site) {
    #[cfg(feature = "testing")]
    witness::not_stored(
        site,
        &"the record that was loaded has another key than the one that was asked for",
    );
    debug!(target: "cache_runtime", function = %Named(site),
        "not stored: the record that was loaded has another key than the one that was asked for");
}

pub(crate) fn failed(site: &Site) {
    #[cfg(feature = "testing")]
    witness::not_stored(site, &"the function returned an error");
    debug!(target: "cache_runtime", function = %Named(site), "not stored: the function returned an error");
}

/// An answer past its time to live.
pub(crate) fn stale(site: &Site, key: &str) {
    trace!(target: "cache_runtime", function = %Named(site), key = %Shown(site, key), "stale");
}

/// A source has failed, and older values answer meanwhile. Somebody should know before these are too old.
pub(crate) fn source_fails(site: &Site, throttle: Duration) {
    if site.complains() {
        warn!(target: "cache_runtime", function = %Named(site), ?throttle,
            "the function fails; older values answer, as long as they may, and it is tried again after `throttle`");
    }
}

pub(crate) fn timed_out(site: &Site, limit: Duration) {
    debug!(target: "cache_runtime", function = %Named(site), ?limit,
        "took longer than its caller may wait; it goes on");
}

pub(crate) fn gave_up_waiting(site: &Site) {
    warn!(target: "cache_runtime", function = %Named(site),
        "another caller has been computing this value for longer than `longest_wait`; computing on our own");
}

pub(crate) fn unsound_key(site: &Site) {
    #[cfg(feature = "testing")]
    witness::not_stored(
        site,
        &"the `Serialize` implementation of an argument failed, so there is no key",
    );
    warn!(target: "cache_runtime", function = %Named(site),
        "called past the cache: the `Serialize` implementation of an argument failed, so there is no key");
}

/// `by` names the function that did it, or says that it was done by hand.
pub(crate) fn invalidated(what: &crate::Invalidated, by: By) {
    debug!(target: "cache_runtime", by = %by, route = %what.route, delivery = %what.delivery, removed = what.removed, "invalidated");
}

/// The line itself is not shown: there may be personal data in it.
pub(crate) fn unreadable_row(id: &impl fmt::Debug, why: &UnreadableLine) {
    warn!(target: "cache_runtime", row = ?id, %why,
        "a row of the outbox cannot be read; everything is invalidated in its place");
}

/// At `warn` for the first of several failures in a row.
pub(crate) fn outbox_unavailable(why: &impl fmt::Display, is_first: bool) {
    const WHAT: &str = "the outbox cannot be read or written; its rows stay until it can";
    if is_first {
        warn!(target: "cache_runtime", %why, "{WHAT}");
    } else {
        debug!(target: "cache_runtime", %why, "{WHAT}");
    }
}

/// At `warn` if something could not be warmed, which nobody else waits for.
pub(crate) fn warmed(summary: &Summary) {
    let failed = summary.report.failed > 0 || matches!(summary.outcome, Outcome::NoList(_));
    if failed {
        warn!(target: "cache_runtime", %summary, "warmed");
    } else {
        debug!(target: "cache_runtime", %summary, "warmed");
    }
}

/// At `warn` for the first of several failures in a row, and for each tenth.
#[cfg(feature = "http")]
pub(crate) fn not_purged(
    cdn: &str,
    why: &impl fmt::Display,
    waiting: usize,
    pause: Duration,
    failures_before: u32,
) {
    const WHAT: &str = "the CDN has not purged; it holds what has ended for as long as it was told, unless a further try succeeds";
    if failures_before.is_multiple_of(10) {
        warn!(target: "cache_runtime", cdn, %why, waiting, ?pause, failures_before, "{WHAT}");
    } else {
        debug!(target: "cache_runtime", cdn, %why, waiting, ?pause, failures_before, "{WHAT}");
    }
}

#[cfg(feature = "http")]
pub(crate) fn purges_again(cdn: &str, failures: u32) {
    info!(target: "cache_runtime", cdn, failures, "the CDN purges again");
}

#[cfg(feature = "http")]
pub(crate) fn gave_up_purging(cdn: &str, left: usize) {
    warn!(target: "cache_runtime", cdn, left,
        "a purger has ended before it was done; the CDN holds what is left for as long as it was told");
}

/// This and the next, once for each layer.
#[cfg(feature = "http")]
pub(crate) fn not_for_the_edge(site: &Site, why: &str) {
    warn!(target: "cache_runtime", function = %Named(site), why,
        "a response that is stored here is not for the CDN; there may be more of them");
}

#[cfg(feature = "http")]
pub(crate) fn edge_without_purger(site: &Site) {
    warn!(target: "cache_runtime", function = %Named(site),
        "responses tell a CDN for how long it may have them, and no `Purger` of this process purges it of what ends here");
}

#[cfg(feature = "http")]
pub(crate) fn nobody_purges() {
    warn!(target: "cache_runtime", "a `Purger` is there, and nobody runs it: `tokio::spawn(purger.run())`");
}

pub(crate) struct Named<'s>(pub(crate) &'s Site);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name())
    }
}

/// A key as it may be shown: a digest if its function is marked `sensitive`.
pub(crate) struct Shown<'k>(pub(crate) &'k Site, pub(crate) &'k str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(site, key) = self;
        if site.sensitive {
            Digest(key).fmt(f)
        } else {
            f.write_str(key)
        }
    }
}

/// Of a text that may be somebody's.
pub(crate) struct Digest<'t>(pub(crate) &'t str);

impl fmt::Display for Digest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = u128::from_be_bytes(encode::digest_of_text(self.0));
        write!(f, "~{digest:032x}")
    }
}
