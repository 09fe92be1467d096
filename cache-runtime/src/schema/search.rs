//! The search for a made-up value that a type accepts.

/// Attempts before a type counts as impossible to make up.
const ATTEMPTS: u32 = 64;

/// A walk through the alternatives, depth first: the choices of the last attempt, the latest of which changes first.
///
/// A type may refuse a value (`"a"` is no UUID), and a refused visitor is gone. So every attempt starts anew, makes
/// the same choices as the one before, and another one where that has failed.
#[derive(Default)]
pub(super) struct Search {
    /// What was chosen, and among how many.
    choices: Vec<(u8, u8)>,
    /// The next one.
    at: usize,
    attempts: u32,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    New,
    /// An attempt was begun. If it still is when the next one begins, it panicked.
    Trying,
    Found,
    Given,
}

impl Search {
    /// Begins another attempt, or repeats the one that has succeeded. False if there is none left.
    pub(super) fn begin(&mut self) -> bool {
        if self.state == State::Trying {
            self.advance();
        }
        if self.state == State::Given {
            return false;
        }
        self.at = 0;
        self.state = State::Trying;
        true
    }

    pub(super) fn end(&mut self, found: bool) {
        if found {
            self.state = State::Found;
        } else {
            self.advance();
        }
    }

    /// One of `count` alternatives.
    pub(super) fn choose(&mut self, count: usize) -> usize {
        let count = u8::try_from(count).unwrap_or(u8::MAX);
        if self.at == self.choices.len() {
            self.choices.push((0, count));
        }
        let (chosen, _) = self.choices[self.at];
        self.at += 1;
        chosen.into()
    }

    fn advance(&mut self) {
        self.attempts += 1;
        self.choices.truncate(self.at);
        self.state = State::Given;
        while let Some((chosen, count)) = self.choices.pop() {
            if chosen + 1 < count && self.attempts < ATTEMPTS {
                self.choices.push((chosen + 1, count));
                self.state = State::New;
                break;
            }
        }
    }
}

#[test]
fn a_search_visits_every_combination() {
    let mut search = Search::default();
    let mut seen = Vec::new();
    while search.begin() {
        let first = search.choose(2);
        // The second choice depends on the first one.
        let second = if first == 0 { search.choose(3) } else { 9 };
        seen.push((first, second));
        search.end(false);
    }
    assert_eq!(seen, [(0, 0), (0, 1), (0, 2), (1, 9)]);
}
