//! What was read of several names, from one server or from each that has some of them.

use crate::redis::batch;
use crate::redis::link::{Failure, Link};
use std::sync::Arc;

pub(super) enum Values {
    One(Part),
    Several(Box<Several>),
}

/// What one server has told.
type Part = (batch::Values, Arc<Link>);

pub(super) struct Several {
    parts: Vec<Part>,
    /// Of each name, the part and its place there.
    places: Vec<(usize, usize)>,
}

impl Values {
    pub(super) fn of_one(values: batch::Values, link: &Arc<Link>) -> Self {
        Values::One((values, Arc::clone(link)))
    }

    pub(super) fn of_several(parts: Vec<Part>, places: Vec<(usize, usize)>) -> Self {
        Values::Several(Box::new(Several { parts, places }))
    }

    fn at(&self, position: usize) -> Option<(&Part, usize)> {
        match self {
            Values::One(part) => Some((part, position)),
            Values::Several(several) => {
                let &(part, place) = several.places.get(position)?;
                Some((several.parts.get(part)?, place))
            }
        }
    }

    /// The value of the name that was asked for at this position.
    pub(super) fn get(&self, position: usize) -> Option<&[u8]> {
        let ((values, _), place) = self.at(position)?;
        values.get(place)
    }

    /// The value as a generation. What is no number is none.
    pub(super) fn generation(&self, position: usize) -> Option<u64> {
        let ((values, link), place) = self.at(position)?;
        Some(link.marked(batch::generation(values.get(place)?)?))
    }

    /// Where the name at this position was read.
    pub(super) fn link(&self, position: usize) -> Result<Arc<Link>, Failure> {
        let found = self.at(position);
        found
            .map(|((_, link), _)| Arc::clone(link))
            .ok_or(Failure::NoLink)
    }
}
