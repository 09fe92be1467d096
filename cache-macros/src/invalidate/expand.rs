//! The expansion of `#[cache_invalidate]`.
//!
//! ```text
//! Input                                   Output
//!
//! #[cache_invalidate("user:{id}:*")]
//! async fn rename(id: u64) -> Result<…> { async fn rename(id: u64) -> Result<…> {
//!     body                                    site!(__CACHE_SITE: invalidation, patterns = &["user:{id}:*"]);
//! }                                           let __cache_shape = …;
//!                                             Invalidating::new(&__CACHE_SITE, Cache::global(), [Target::pattern(…)])
//!                                                 .on_ok(__cache_shape, async move { body })
//!                                                 .await
//!                                         }
//! ```

use super::model::{Invalidation, On, When};
use crate::function::{Function, is_never};
use crate::shared;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

pub(super) fn expand(function: &Function, invalidation: &Invalidation) -> TokenStream {
    let arguments = function.arguments();
    let scope = arguments.scope();
    let krate = &invalidation.krate;
    let site = declare_site(invalidation);
    let cache = shared::cache(invalidation.cache.as_ref(), krate, &scope);
    let patterns = invalidation.patterns.iter().map(|pattern| {
        let pattern = pattern.to_pattern(krate, &scope);
        quote!(#krate::__private::Target::pattern(#pattern))
    });
    let tags = invalidation.tags.iter().map(|tag| {
        let tag = tag.to_tag(krate, &scope);
        quote!(#krate::__private::Target::tag(#tag))
    });
    let targets = patterns.chain(tags);
    let computation = function.computation();
    let new = quote!(#krate::__private::Invalidating::new(&__CACHE_SITE, #cache, [#(#targets),*]));
    let steps = match (invalidation.when, invalidation.on) {
        (When::Before, _) => quote!(.only_before().await.always(#computation)),
        (when, on) => {
            let before = (when == When::Both).then(|| quote!(.also_before().await));
            let never_ends = function.output().is_some_and(is_never);
            let after = match on {
                _ if never_ends => quote!(.always(#computation)),
                On::Always => quote!(.always(#computation)),
                On::Ok => {
                    let shape = Ident::new("__cache_shape", Span::mixed_site());
                    let probe = match function.output() {
                        Some(output) => shared::shape(output, krate),
                        None => shared::shape(&syn::parse_quote!(()), krate),
                    };
                    return function.with_body(quote! {
                        #site
                        let #shape = #probe;
                        #new #before.on_ok(#shape, #computation).await
                    });
                }
            };
            quote!(#before #after)
        }
    };
    function.with_body(quote!(#site #new #steps.await))
}

fn declare_site(invalidation: &Invalidation) -> TokenStream {
    let krate = &invalidation.krate;
    let patterns: Vec<_> = invalidation
        .patterns
        .iter()
        .map(|pattern| &pattern.literal)
        .collect();
    let tags: Vec<_> = invalidation.tags.iter().map(|tag| &tag.literal).collect();
    let patterns = (!patterns.is_empty()).then(|| quote!(, patterns = &[#(#patterns),*]));
    let tags = (!tags.is_empty()).then(|| quote!(, tags = &[#(#tags),*]));
    quote!(#krate::__private::site! { __CACHE_SITE: invalidation #patterns #tags })
}
