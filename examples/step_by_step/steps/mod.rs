//! The shop, step by step: each file is the one before with a feature more.

mod adaptive;
mod batches;
mod failing;
mod invalidated;
mod negative;
mod nothing;
mod time_to_live;

use crate::tally::Tally;
use crate::visitors::visit;
use std::error::Error;

/// An hour of each.
pub(crate) async fn all() -> Result<Vec<Tally>, Box<dyn Error>> {
    Ok(vec![
        visit::<nothing::Shop>().await?,
        visit::<time_to_live::Shop>().await?,
        visit::<invalidated::Shop>().await?,
        visit::<negative::Shop>().await?,
        visit::<batches::Shop>().await?,
        visit::<failing::Shop>().await?,
        visit::<adaptive::Shop>().await?,
    ])
}
