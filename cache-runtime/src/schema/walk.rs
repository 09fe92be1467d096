//! The walk: passes over a type until everything has been seen, and what is known between two of them.

use super::explore::Explorer;
use super::produce::FUEL;
use super::shape::{Kind, Node, Step, write};
use serde::de::{self, DeserializeOwned, Visitor};
use std::any::type_name;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bounds, so that no type makes a walk long. Beyond them a shape is cut, at the same place everywhere.
const PASSES: usize = 20_000;
const NODES: usize = 20_000;
const DEEPEST: usize = 100;
/// Parts of a tuple or an array that are looked at.
const PARTS: usize = 256;
/// Passes that may miss a place before it counts as out of reach.
const TRIES: u32 = 80;

/// The end of a pass.
#[derive(Debug)]
pub(super) struct Unwind;

impl fmt::Display for Unwind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the end of a pass")
    }
}

impl std::error::Error for Unwind {}

impl de::Error for Unwind {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Unwind
    }
}

/// A visitor of a type's own, as the compiler calls it. That never leaves the table of those met.
pub(super) type VisitorId = (&'static str, usize);

pub(super) fn visitor_id<'de, V: Visitor<'de>>() -> VisitorId {
    (type_name::<V>(), size_of::<V::Value>())
}

/// What all passes have found so far.
pub(super) struct Walk {
    pub(super) nodes: Vec<Node>,
    /// Where a visitor was met first.
    visitors: HashMap<VisitorId, Vec<usize>>,
    pub(super) human_readable: bool,
    /// The first place that asks for data that describes itself, and how.
    pub(super) any: Option<(usize, &'static str)>,
    /// The largest element of a list, or entry of a map, in memory here.
    pub(super) largest_element: usize,
    /// Counts everything that was found out.
    progress: usize,
    /// What making up values may still cost.
    pub(super) fuel: u32,
}

pub(super) fn walk<T: DeserializeOwned>(human_readable: bool) -> Walk {
    let walk = RefCell::new(Walk {
        nodes: vec![Node::new(0, Step::Root)],
        visitors: HashMap::new(),
        human_readable,
        any: None,
        largest_element: 0,
        progress: 0,
        fuel: FUEL,
    });
    for _ in 0..PASSES {
        // A type may panic at a made-up value; what the pass has found stands, and is not looked at again.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let _ = T::deserialize(Explorer::root(&walk));
        }));
        let walk = walk.borrow();
        if walk.nodes[0].done || matches!(walk.nodes[0].kind, Kind::Unknown) {
            break;
        }
    }
    walk.into_inner()
}

/// A place whose parts are to be looked at.
pub(super) struct Entered {
    /// The part to look at first: it has not been seen whole.
    pub(super) target: usize,
    /// How many passes have missed it.
    pub(super) tries: u32,
}

impl Walk {
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        write(&self.nodes, 0, &mut text);
        text
    }

    /// Notes how much memory an element takes, or half an entry.
    pub(super) fn element<T>(&mut self) {
        self.largest_element = self.largest_element.max(size_of::<T>());
    }

    /// Notes that the type ends here.
    pub(super) fn leaf(&mut self, at: usize, kind: Kind) {
        let node = &mut self.nodes[at];
        if let Kind::Unknown = node.kind {
            node.kind = kind;
            self.finish(at);
        }
    }

    /// As [`leaf`](Self::leaf) of what only data that describes itself can answer.
    pub(super) fn leaf_any(&mut self, at: usize, with: &'static str) {
        self.any.get_or_insert((at, with));
        self.leaf(at, Kind::Leaf("any"));
    }

    fn finish(&mut self, at: usize) {
        self.nodes[at].done = true;
        self.progress += 1;
    }

    /// Notes the parts of `at` if it is new, and picks the one to look at.
    pub(super) fn enter(
        &mut self,
        at: usize,
        depth: usize,
        kind: Kind,
        visitor: Option<VisitorId>,
    ) -> Result<Entered, Unwind> {
        if let Kind::Unknown = self.nodes[at].kind {
            self.begin(at, depth, kind, visitor)?;
        }
        loop {
            let node = &self.nodes[at];
            let Some(target) = node.children.iter().position(|&c| !self.nodes[c].done) else {
                self.finish(at);
                return Err(Unwind);
            };
            let child = node.children[target];
            // One that is known has parts that count tries of their own, and give up first.
            let limit = match self.nodes[child].kind {
                Kind::Unknown => TRIES,
                _ => 4 * TRIES,
            };
            let progress = self.progress;
            let node = &mut self.nodes[at];
            node.tries = if node.seen == progress {
                node.tries + 1
            } else {
                0
            };
            node.seen = progress;
            if node.tries < limit {
                let tries = node.tries;
                return Ok(Entered { target, tries });
            }
            self.finish(child);
        }
    }

    fn begin(
        &mut self,
        at: usize,
        depth: usize,
        kind: Kind,
        visitor: Option<VisitorId>,
    ) -> Result<(), Unwind> {
        if let Some(id) = visitor {
            let met = self.visitors.entry(id).or_default();
            if let Some(&same) = met.iter().find(|&&at| self.nodes[at].kind.is_like(kind)) {
                self.leaf(at, Kind::Same(same));
                return Err(Unwind);
            }
            met.push(at);
        }
        let steps: Vec<Step> = kind.steps().take(PARTS).collect();
        if depth > DEEPEST || self.nodes.len() + steps.len() > NODES {
            self.leaf(at, Kind::Leaf("cut"));
            return Err(Unwind);
        }
        self.nodes[at].kind = kind;
        self.progress += 1;
        self.grow(at, steps);
        Ok(())
    }

    fn grow(&mut self, at: usize, steps: impl IntoIterator<Item = Step>) {
        for step in steps {
            let child = self.nodes.len();
            self.nodes.push(Node::new(at, step));
            self.nodes[at].children.push(child);
        }
    }

    /// After a visit.
    pub(super) fn leave(&mut self, at: usize) {
        let node = &self.nodes[at];
        if !node.done && node.children.iter().all(|&child| self.nodes[child].done) {
            self.finish(at);
        }
    }

    /// The enum at `tag` is the tag of its parent, in which every variant has content of its own.
    pub(super) fn is_tag(&mut self, tag: usize, variants: &'static [&'static str]) {
        let at = self.nodes[tag].parent;
        if let Kind::Struct(name, fields) = self.nodes[at].kind {
            self.any
                .get_or_insert((at, "`#[serde(tag = …, content = …)]`"));
            self.nodes[at].kind = Kind::Adjacent(name, fields);
            self.nodes[at].children.truncate(1);
            self.grow(
                at,
                variants.iter().take(PARTS).map(|&name| Step::Variant(name)),
            );
        }
    }

    /// The first map whose keys JSON cannot write.
    pub(super) fn keys_beside_text(&self) -> Option<usize> {
        let is_text = |node: &Node| match node.kind {
            Kind::Sequence
            | Kind::Map
            | Kind::Tuple(_)
            | Kind::TupleStruct(..)
            | Kind::Struct(..)
            | Kind::Leaf("bytes" | "unit") => false,
            // Anything else may be, or tells when it is written.
            _ => true,
        };
        self.nodes.iter().position(|node| {
            matches!(node.kind, Kind::Map)
                && node
                    .children
                    .first()
                    .is_some_and(|&key| !is_text(self.content(key)))
        })
    }

    /// What is at `at` in a format to which newtypes are nothing.
    fn content(&self, at: usize) -> &Node {
        let mut node = &self.nodes[at];
        for _ in 0..DEEPEST {
            match (node.kind, node.children.first()) {
                (Kind::Same(other), _) | (Kind::Newtype(_), Some(&other)) => {
                    node = &self.nodes[other];
                }
                _ => break,
            }
        }
        node
    }

    /// The way to `at` as a person would write it.
    pub(super) fn path(&self, at: usize, root: &str) -> String {
        let node = &self.nodes[at];
        let outer = |walk: &Self| walk.path(node.parent, root);
        match node.step {
            Step::Root => root.to_owned(),
            Step::Inside => outer(self),
            Step::Field(name) => format!("{}.{name}", outer(self)),
            Step::Variant(name) => format!("{}::{name}", outer(self)),
            Step::Position(position) => format!("{}.{position}", outer(self)),
            Step::Element | Step::Value => format!("{}[]", outer(self)),
            Step::Key => format!("{}[key]", outer(self)),
        }
    }
}
