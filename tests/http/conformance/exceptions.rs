//! What is not as in the cases, and why.

/// Settings that the layer does not have.
pub(super) const NOT_OFFERED: &[(&str, &str)] = &[
    (
        "combine-partial",
        "parts are not stored: the whole is a call away",
    ),
    ("head-update", "a response to HEAD updates nothing"),
    (
        "heuristics",
        "what says nothing of how long it is fresh is stored for as long as the layer is told, or not at all",
    ),
    (
        "store-206",
        "parts are not stored: the whole is a call away",
    ),
    ("store-post", "only GET is stored"),
    ("store-set-cookie", "what sets a cookie is never stored"),
    (
        "targeted:app-cache-control,cdn-cache-control",
        "Cache-Control is obeyed alone: a cache inside the origin is no target of its own",
    ),
    (
        "targeted:cdn-cache-control",
        "it is for the caches that it names, and handed on to them",
    ),
    (
        "variant-validation",
        "a variant is confirmed by its own entity tag alone",
    ),
];

/// Cases in which the layer does something else.
pub(super) const DIFFERENT: &[(&str, &str)] = &[
    (
        "cc-resp-no-cache-revalidate",
        "what is to be confirmed at every use is not stored: its handler is in the same process",
    ),
    (
        "cc-resp-no-cache-revalidate-fresh",
        "what is to be confirmed at every use is not stored: its handler is in the same process",
    ),
    (
        "freshness-expires-ansi-c",
        "the day of the week is not that of the date, which makes it none: stale",
    ),
    (
        "own-head-mismatch",
        "a response to HEAD updates nothing, and ends nothing",
    ),
    (
        "own-ims-no-lm-date",
        "within the second of the date there may have been another response, which was invalidated",
    ),
    ("vary-normalise-lang-case", "languages are compared as text"),
    (
        "vary-normalise-lang-order",
        "languages are compared as text",
    ),
    (
        "vary-normalise-lang-select",
        "languages are compared as text",
    ),
    (
        "own-304-passed-not-stored",
        "the handler is asked for all of it, which is stored, and the client told by the cache that it has it",
    ),
    (
        "own-body-streams",
        "what takes longer than the layer waits for is passed on, and not stored",
    ),
    (
        "own-range-on-stale",
        "a part of what is stale is the handler's to send, and not stored",
    ),
    (
        "own-sie-error-not-stored",
        "after a failure for which something stands in, the handler is left alone for five seconds",
    ),
    (
        "own-vary-most-recent",
        "of two sets of fields that a resource varies on, both are part of the key: another call, no other body",
    ),
];

/// And only if there is a server.
pub(super) const DIFFERENT_ON_A_SERVER: &[(&str, &str)] = &[(
    "own-cs-stale-200",
    "what is of no use past its time is not kept there, so that nothing stale is seen",
)];
