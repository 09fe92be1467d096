//! What a walk has found: a tree of kinds, and its text.

use super::search::Search;
use std::fmt::Write;

/// One place of a type. Named types that are met again are not walked again, so that recursion ends.
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) parent: usize,
    /// What leads here from the parent.
    pub(super) step: Step,
    pub(super) children: Vec<usize>,
    /// Whether everything below has been seen.
    pub(super) done: bool,
    /// Passes that have come here since something was found out, and what had been found out then.
    pub(super) tries: u32,
    pub(super) seen: usize,
    /// For a value of this place, where one is needed to get past it.
    pub(super) search: Search,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not reached yet.
    Unknown,
    /// A primitive, or a place where the walk ends.
    Leaf(&'static str),
    UnitStruct(&'static str),
    Option,
    Newtype(&'static str),
    Sequence,
    /// Key and value.
    Map,
    Tuple(usize),
    TupleStruct(&'static str, usize),
    Struct(&'static str, &'static [&'static str]),
    /// An enum as a struct of tag and content: the tag, then the content of every variant.
    Adjacent(&'static str, &'static [&'static str]),
    Enum(&'static str, &'static [&'static str]),
    /// Another place, of the same type.
    Same(usize),
}

#[derive(Clone, Copy)]
pub(super) enum Step {
    Root,
    /// No step for a reader: an option's value, a newtype's.
    Inside,
    Field(&'static str),
    Variant(&'static str),
    Position(usize),
    Element,
    Key,
    Value,
}

impl Kind {
    /// Whether a visitor that has come for `self` and comes again for `other` comes for the same.
    pub(super) fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Kind::Adjacent(a, with), Kind::Struct(b, fields)) => (a, with) == (b, fields),
            _ => self == other,
        }
    }

    pub(super) fn family(self) -> &'static str {
        match self {
            Kind::Unknown => "unknown",
            Kind::Leaf(_) => "leaf",
            Kind::UnitStruct(_) => "unit struct",
            Kind::Option => "option",
            Kind::Newtype(_) => "newtype",
            Kind::Sequence => "sequence",
            Kind::Map => "map",
            Kind::Tuple(_) => "tuple",
            Kind::TupleStruct(..) => "tuple struct",
            Kind::Struct(..) => "struct",
            Kind::Adjacent(..) => "adjacent",
            Kind::Enum(..) => "enum",
            Kind::Same(_) => "same",
        }
    }

    /// To each of its parts.
    pub(super) fn steps(self) -> Box<dyn Iterator<Item = Step>> {
        match self {
            Kind::Unknown | Kind::Leaf(_) | Kind::UnitStruct(_) | Kind::Same(_) => {
                Box::new(std::iter::empty())
            }
            Kind::Option | Kind::Newtype(_) => Box::new(std::iter::once(Step::Inside)),
            Kind::Sequence => Box::new(std::iter::once(Step::Element)),
            Kind::Map => Box::new([Step::Key, Step::Value].into_iter()),
            Kind::Tuple(len) | Kind::TupleStruct(_, len) => Box::new((0..len).map(Step::Position)),
            Kind::Struct(_, fields) | Kind::Adjacent(_, fields) => {
                Box::new(fields.iter().map(|&name| Step::Field(name)))
            }
            Kind::Enum(_, variants) => Box::new(variants.iter().map(|&name| Step::Variant(name))),
        }
    }
}

impl Node {
    pub(super) fn new(parent: usize, step: Step) -> Self {
        Node {
            kind: Kind::Unknown,
            parent,
            step,
            children: Vec::new(),
            done: false,
            tries: 0,
            seen: 0,
            search: Search::default(),
        }
    }
}

/// Writes the tree under `at`: the same text for the same shapes only. Names are quoted and lists closed, so that
/// nothing can be taken for something else.
pub(super) fn write(nodes: &[Node], at: usize, out: &mut String) {
    let node = &nodes[at];
    match node.kind {
        Kind::Unknown => {
            out.push('!');
            return;
        }
        Kind::Leaf(name) => {
            out.push_str(name);
            return;
        }
        Kind::Same(other) => {
            _ = write!(out, "^{other}");
            return;
        }
        Kind::Tuple(len) => _ = write!(out, "tuple {len}"),
        Kind::TupleStruct(name, len) => {
            quote("tuple struct ", name, out);
            _ = write!(out, " {len}");
        }
        Kind::UnitStruct(name)
        | Kind::Newtype(name)
        | Kind::Struct(name, _)
        | Kind::Adjacent(name, _)
        | Kind::Enum(name, _) => {
            out.push_str(node.kind.family());
            quote(" ", name, out);
        }
        Kind::Option | Kind::Sequence | Kind::Map => out.push_str(node.kind.family()),
    }
    // `Same` refers to its number.
    _ = write!(out, "#{at}(");
    for &child in &node.children {
        if let Step::Field(name) | Step::Variant(name) = nodes[child].step {
            quote("", name, out);
            out.push(':');
        }
        write(nodes, child, out);
        out.push(',');
    }
    out.push(')');
}

/// Not `{:?}`: what that escapes depends on the version of Unicode.
fn quote(before: &str, name: &str, out: &mut String) {
    out.push_str(before);
    out.push('"');
    for c in name.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}
