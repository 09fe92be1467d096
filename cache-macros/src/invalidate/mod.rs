//! `#[cache_invalidate]`.

mod expand;
mod model;

use crate::error::Errors;
use crate::function::Function;
use proc_macro2::TokenStream;

pub(crate) fn cache_invalidate(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let function = Function::read(item.clone(), "#[cache_invalidate]", &mut errors);
    let invalidation = model::Invalidation::parse(attribute, function.as_ref(), &mut errors);
    crate::shared::finish(item, function, errors, |function| {
        expand::expand(function, &invalidation)
    })
}
