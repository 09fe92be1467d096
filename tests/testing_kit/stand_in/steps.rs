//! What servers are told: commands at random, over few names, so that they meet.

use proptest::prelude::*;
use proptest::sample::select;

/// A command of one client.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Which client, and what it says; `short`: afterwards so much time goes on that what it gives little time has ended.
    Command {
        client: usize,
        what: What,
        short: bool,
    },
    /// Several of them, as one.
    Transaction { client: usize, all: Vec<What> },
    /// Whether a client is told of changes from here on.
    Track { client: usize, on: bool },
    /// Everything is read by `SCAN`.
    Scan { pattern: &'static str },
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Words(Vec<Text>),
    /// One of `Script::ALL`, its names, and what else it is given.
    Script(usize, Vec<Text>, Vec<Text>),
}

pub(crate) type Text = String;

pub(crate) const CLIENTS: usize = 3;
pub(crate) const NAMES: [&str; 6] = ["K", "L", "KG", "G1", "G2", "other:1"];
/// As long as it takes to write it, in milliseconds, and a long time.
pub(crate) const SHORT: &str = "1";
const LONG: [&str; 2] = ["100000", "300000"];

/// Entries: of two of them the bytes by which a script tells them apart.
const ENTRIES: [&str; 3] = ["xyzfingerprintA-rest", "xyzfingerprintB-rest", "short"];
const SEEN: [&str; 3] = ["", "fingerprintA", "fingerprintB"];
const TOKENS: [&str; 6] = [
    "aaaaaaaa-1",
    "aaaaaaaa-2",
    "aaaaaaaa-1!",
    "aaaaaaaa-2~1700000000000",
    "bbbbbbbb-1",
    "",
];
const NUMBERS: [&str; 3] = ["1", "2", "3"];

fn one_of(all: &'static [&'static str]) -> impl Strategy<Value = Text> {
    select(all).prop_map(str::to_owned)
}

fn name() -> impl Strategy<Value = Text> {
    one_of(&NAMES)
}

fn names() -> impl Strategy<Value = Vec<Text>> {
    prop::collection::vec(name(), 1..4)
}

/// A name and what it may hold: mostly what belongs there.
fn held() -> impl Strategy<Value = (Text, Text)> {
    let of = |name: &str, values: BoxedStrategy<Text>| (Just(name.to_owned()), values);
    prop_oneof![
        of("K", one_of(&ENTRIES).boxed()),
        of("L", one_of(&TOKENS[..4]).boxed()),
        (name(), one_of(&NUMBERS).boxed()),
    ]
}

/// A time to live: none at all in one of three.
fn ttl(short: bool) -> BoxedStrategy<Text> {
    if short {
        Just(SHORT.to_owned()).boxed()
    } else {
        prop_oneof![Just("0".to_owned()), one_of(&LONG), one_of(&LONG)].boxed()
    }
}

fn certain_ttl(short: bool) -> BoxedStrategy<Text> {
    if short {
        ttl(true)
    } else {
        one_of(&LONG).boxed()
    }
}

fn words(
    first: &'static str,
    rest: impl Strategy<Value = Vec<Text>> + 'static,
) -> BoxedStrategy<What> {
    let with = move |rest: Vec<Text>| [vec![first.to_owned()], rest].concat();
    rest.prop_map(move |rest| What::Words(with(rest))).boxed()
}

fn read() -> BoxedStrategy<What> {
    let one = || name().prop_map(|name| vec![name]);
    let range = (name(), 0..8_u8, 0..24_u8)
        .prop_map(|(name, first, last)| vec![name, first.to_string(), last.to_string()]);
    prop_oneof![
        words("GET", one()),
        words("MGET", names()),
        words("EXISTS", names()),
        words("TOUCH", names()),
        words("PTTL", one()),
        words("GETRANGE", range),
    ]
    .boxed()
}

fn change(short: bool) -> BoxedStrategy<What> {
    let set = (held(), certain_ttl(short), any::<bool>()).prop_map(|((name, value), ttl, new)| {
        let mut words = vec![name, value, "PX".to_owned(), ttl];
        words.extend(new.then(|| "NX".to_owned()));
        words
    });
    let for_ever = held().prop_map(|(name, value)| vec![name, value]);
    let lasts = (name(), certain_ttl(short)).prop_map(|(name, ttl)| vec![name, ttl]);
    if short {
        return prop_oneof![words("SET", set), words("PEXPIRE", lasts)].boxed();
    }
    prop_oneof![
        2 => words("SET", set),
        1 => words("SET", for_ever),
        1 => words("DEL", names()),
        1 => words("PEXPIRE", lasts),
        1 => words("PEXPIRE", (name(), Just("0".to_owned())).prop_map(|(name, ttl)| vec![name, ttl])),
        1 => words("FLUSHALL", Just(Vec::new())),
    ]
    .boxed()
}

fn numbers(count: usize) -> impl Strategy<Value = Vec<Text>> {
    prop::collection::vec(one_of(&NUMBERS), count)
}

/// Each with what its documentation says, of any names.
fn script(short: bool) -> BoxedStrategy<What> {
    let given = |script, names: &[&str], rest: Vec<Text>| {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        What::Script(script, names, rest)
    };
    let token = || one_of(&TOKENS[..2]);
    let acquire = (
        token(),
        certain_ttl(short),
        one_of(&SEEN),
        one_of(&TOKENS),
        one_of(&["0", "1"]),
    )
        .prop_map(move |(token, ttl, seen, other, must)| {
            given(0, &["K", "L"], vec![token, ttl, seen, other, must])
        });
    // Neither of them as long as anything is given: no two clocks say when just that is left.
    let least = || select(&["60000", "200000"][..]).prop_map(str::to_owned);
    let capture = (names(), least(), ttl(short)).prop_flat_map(|(names, least, ttl)| {
        numbers(names.len()).prop_map(move |fresh| {
            let rest = [vec![least.clone(), ttl.clone()], fresh].concat();
            What::Script(1, names.clone(), rest)
        })
    });
    let fill = (token(), one_of(&ENTRIES), ttl(short), numbers(2)).prop_map(
        move |(token, entry, ttl, expected)| {
            let rest = [vec![token, entry, ttl], expected].concat();
            given(2, &["K", "L", "G1", "G2"], rest)
        },
    );
    let copy = (one_of(&ENTRIES), ttl(short), one_of(&NUMBERS))
        .prop_map(move |(entry, ttl, number)| given(3, &["K", "KG"], vec![entry, ttl, number]));
    let renew = (token(), certain_ttl(short), one_of(&["0", "1"]))
        .prop_map(move |(token, ttl, long)| given(4, &["L"], vec![token, ttl, long]));
    // A rest tells when it ends, by a clock that the two do not share.
    let release = token().prop_map(move |token| given(5, &["L"], vec![token, "0".to_owned()]));
    let commit = (
        one_of(&ENTRIES),
        ttl(short),
        one_of(&["", "1", "2"]),
        ttl(short),
        numbers(2),
        0..3_usize,
    )
        .prop_map(move |(entry, ttl, fresh, lasts, expected, count)| {
            let expected = expected.into_iter().take(count);
            let rest = vec![entry, ttl, fresh, lasts]
                .into_iter()
                .chain(expected)
                .collect();
            given(6, &["K", "L", "KG", "G1"], rest)
        });
    let prolong = (least(), certain_ttl(short))
        .prop_map(move |(least, to)| given(7, &["K"], vec![least, to]));
    prop_oneof![
        acquire, capture, fill, copy, renew, release, commit, prolong
    ]
    .boxed()
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let client = 0..CLIENTS;
    let command = |what: BoxedStrategy<What>, short| {
        (client.clone(), what).prop_map(move |(client, what)| Step::Command {
            client,
            what,
            short,
        })
    };
    let of_transaction = prop_oneof![read(), change(false), script(false)];
    let transaction = (client.clone(), prop::collection::vec(of_transaction, 1..5))
        .prop_map(|(client, all)| Step::Transaction { client, all });
    let track = (client.clone(), any::<bool>()).prop_map(|(client, on)| Step::Track { client, on });
    let scan = select(&["*", "G*", "?", "other:*", "[KL]*"][..]);
    prop_oneof![
        8 => command(read(), false),
        6 => command(change(false), false),
        8 => command(script(false), false),
        1 => command(change(true), true),
        1 => command(script(true), true),
        2 => transaction,
        1 => track,
        1 => scan.prop_map(|pattern| Step::Scan { pattern }),
    ]
}
