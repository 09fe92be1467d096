//! The expansion of `#[cache_put]`.
//!
//! ```text
//! Input                                   Output
//!
//! #[cache_put(key = "user:{id}")]
//! async fn rename(id: u64) -> User {      async fn rename(id: u64) -> User {
//!     body                                    site!(__CACHE_SITE: put, key = "user:{id}");
//! }                                           let __cache_shape = …;
//!                                             let __cache_permit = Permit::take(&__CACHE_SITE, Cache::global(), key, plan);
//!                                             __cache_permit.run(__cache_shape, async move { body }, decision).await
//!                                         }
//! ```

use super::model::Put;
use crate::function::Function;
use crate::shared;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

pub(super) fn expand(function: &Function, put: &Put) -> TokenStream {
    let (Some(key), Some(output)) = (&put.key, function.output()) else {
        return function.with_prefix(TokenStream::new());
    };
    let arguments = function.arguments();
    let scope = arguments.scope();
    let krate = &put.krate;
    let template = &key.literal;
    let storing = put.storing.site_options(krate, Some(key));
    let cache = shared::cache(put.cache.as_ref(), krate, &scope);
    let key = key.to_key(krate, &scope);
    let plan = put.storing.plan(krate, &scope);
    let decision = put.storing.decision(krate, &scope);
    let computation = function.computation();
    let cacheable = shared::cacheable_shape(output, krate);
    let local = |name: &str| Ident::new(name, Span::mixed_site());
    let (shape, permit) = (local("__cache_shape"), local("__cache_permit"));
    function.with_body(quote! {
        #krate::__private::site! { __CACHE_SITE: put, key = #template #storing }
        let #shape = #cacheable;
        let #permit = #krate::__private::Permit::take(&__CACHE_SITE, #cache, #key, #plan);
        #permit.run(#shape, #computation, #decision).await
    })
}
