//! What one search of the local tier is about.

use super::budget::Budget;
use super::mutation::Mutation;
use super::state::{CALLERS, G, K, KG, LINES, O, Set, bit};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// A caller of the first key, in this process.
    Reads,
    /// A caller of the key whose computation reads the first one.
    Outer,
    /// Computes the first key anew, whatever there is.
    Refresh,
    /// Writes the datum, then ends these names.
    Ends(Set),
    /// The same in another process.
    EndsElsewhere(Set),
    /// A caller of the first key in another process.
    ReadsElsewhere,
}

/// What one search is about.
#[derive(Clone, Debug)]
pub struct Setting {
    pub(crate) name: &'static str,
    pub(crate) roles: Vec<Role>,
    pub(crate) lines: usize,
    /// The first key has a tag.
    pub(crate) has_tag: bool,
    /// The tag is known from the entry alone, and read after it.
    pub(crate) lists: bool,
    /// Entries whose guards' numbers are known are read alone.
    pub(crate) numbers: bool,
    /// Connections are told of what they have changed themselves. Not so with `NOLOOP`.
    pub(crate) hears_itself: bool,
    /// Asks for one tick less than is promised.
    pub(crate) tighter: bool,
    pub(crate) budget: Budget,
    pub(crate) mutation: Option<Mutation>,
}

impl Setting {
    pub(crate) fn new(name: &'static str) -> Self {
        Setting {
            name,
            roles: Vec::new(),
            lines: 1,
            has_tag: false,
            lists: false,
            numbers: false,
            hears_itself: true,
            tighter: false,
            budget: Budget::NONE,
            mutation: None,
        }
    }

    /// The same, with these faults.
    #[must_use]
    pub fn with(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// The same, with a rule broken.
    #[must_use]
    pub fn breaking(mut self, mutation: Mutation) -> Self {
        self.mutation = Some(mutation);
        self
    }

    /// The same with two connections.
    #[must_use]
    pub fn on_two_lines(mut self) -> Self {
        self.lines = LINES;
        self
    }

    /// The same, with entries read alone where the numbers of their guards are known.
    #[must_use]
    pub fn with_numbers(mut self) -> Self {
        self.numbers = true;
        self
    }

    /// The same with a tag that is read after the entry that lists it.
    #[must_use]
    pub fn listing(mut self) -> Self {
        self.lists = true;
        self
    }

    /// The same with `NOLOOP`, and with two rules more that it takes: what the process fills and captures ends here.
    #[must_use]
    pub fn with_no_loop(mut self) -> Self {
        self.hears_itself = false;
        self
    }

    /// The same, asking that hits are one tick younger than is promised.
    #[must_use]
    pub fn asking_too_much(mut self) -> Self {
        self.tighter = true;
        self
    }

    /// The same, with further callers in this process.
    #[must_use]
    pub fn readers(mut self, count: usize) -> Self {
        (0..count).for_each(|_| self.push(Role::Reads));
        self
    }

    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    pub(crate) fn role(mut self, role: Role) -> Self {
        self.push(role);
        self
    }

    fn push(&mut self, role: Role) {
        assert!(self.roles.len() < CALLERS, "room for {CALLERS} callers");
        self.roles.push(role);
    }

    /// What it is about, and what makes it different from others of the name.
    pub(crate) fn title(&self) -> String {
        let differences = [
            (self.lines > 1, ", two lines"),
            (self.lists, ", listed"),
            (self.numbers, ", numbers"),
            (!self.hears_itself, ", `NOLOOP`"),
        ];
        let differences = differences.iter().filter(|(differs, _)| *differs);
        let differences: String = differences.map(|(_, words)| *words).collect();
        format!("{}{differences} ({})", self.name, self.budget.words())
    }

    pub(crate) fn breaks(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    pub(crate) fn key_of(&self, c: usize) -> usize {
        match self.roles[c] {
            Role::Outer => O,
            _ => K,
        }
    }

    pub(crate) fn tag(&self) -> Set {
        if self.has_tag { bit(G) } else { 0 }
    }

    /// The names on which what a caller reads depends.
    pub(crate) fn hangs_on(&self, c: usize) -> Set {
        match self.key_of(c) {
            K => bit(K) | self.tag(),
            _ => bit(O) | bit(KG) | self.tag(),
        }
    }

    /// What an invalidation ends.
    pub(crate) fn ends(&self, c: usize) -> Set {
        match self.roles[c] {
            Role::Ends(names) | Role::EndsElsewhere(names) => names,
            _ => 0,
        }
    }

    pub(crate) fn is_elsewhere(&self, c: usize) -> bool {
        matches!(self.roles[c], Role::EndsElsewhere(_) | Role::ReadsElsewhere)
    }
}
