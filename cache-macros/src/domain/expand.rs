//! The expansion of `#[derive(DomainCache)]`: an implementation of `DomainRecord`, and the typed cache, each of
//! whose methods is one call into the runtime.

use super::model::{DomainModel, Field, TagList};
use crate::storing::Time;
use crate::template::Template;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{GenericArgument, Path, PathArguments, Type};

pub(super) fn expand(domain: &DomainModel) -> TokenStream {
    let record = implementation(domain);
    let cache = cache(domain);
    quote!(#record #cache)
}

/// Input: a record. Output: what the runtime wants to know about it.
fn implementation(domain: &DomainModel) -> TokenStream {
    let DomainModel { record, krate, .. } = domain;
    let (prefix, name) = (domain.keys.prefix(), domain.domain_name());
    let (generics, arguments, _) = domain.generics.split_for_impl();
    let bounds = bounds(domain);
    let key = domain
        .keys
        .expr(krate, |name| quote_spanned!(name.span()=> &self.#name));
    let tag_of_all = domain.tag_of_all().map(|tag| {
        quote!(const TAG_OF_ALL: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(#tag);)
    });
    let tags = tags(domain);
    let ttl = ttl(domain);
    let negative = negative(domain);
    let lookups = lookups(domain);
    let site = site(domain);
    quote! {
        #[automatically_derived]
        impl #generics #krate::DomainRecord for #record #arguments #bounds {
            const PREFIX: &'static ::core::primitive::str = #prefix;
            const DOMAIN: &'static ::core::primitive::str = #name;
            #tag_of_all
            fn cache_key(&self) -> #krate::Key {
                #key
            }
            #tags
            #ttl
            #negative
            #lookups
            fn cache_site() -> &'static #krate::__private::Site {
                #site
                &__CACHE_SITE
            }
        }
    }
}

fn lookups(domain: &DomainModel) -> Option<TokenStream> {
    let krate = &domain.krate;
    if domain.lookups.is_empty() {
        return None;
    }
    let (optional, plain): (Vec<&Field>, Vec<&Field>) = domain
        .lookups
        .iter()
        .partition(|lookup| option_of(&lookup.ty).is_some());
    let always = plain.iter().map(|lookup| {
        let name = &lookup.name;
        domain.keys.lookup_expr(krate, name, quote!(&self.#name))
    });
    let always = quote!(::std::vec![#(#always),*]);
    // Records without a value would otherwise share a key.
    let sometimes = optional.iter().map(|lookup| {
        let (name, value) = (&lookup.name, quote!(__cache_value));
        let key = domain.keys.lookup_expr(krate, name, value.clone());
        quote! {
            if let ::core::option::Option::Some(#value) = &self.#name {
                ::std::vec::Vec::push(&mut __cache_keys, #key);
            }
        }
    });
    let keys = if optional.is_empty() {
        always
    } else {
        quote! {
            let mut __cache_keys: ::std::vec::Vec<#krate::Key> = #always;
            #(#sometimes)*
            __cache_keys
        }
    };
    Some(quote! {
        fn cache_lookups(&self) -> ::std::vec::Vec<#krate::Key> {
            #keys
        }
    })
}

fn bounds(domain: &DomainModel) -> TokenStream {
    let (record, krate) = (&domain.record, &domain.krate);
    let (_, arguments, bounds) = domain.generics.split_for_impl();
    if domain.generics.params.is_empty() {
        return bounds.to_token_stream();
    }
    let known = domain.generics.where_clause.as_ref().map(|clause| {
        let predicates = clause.predicates.iter();
        quote!(#(#predicates,)*)
    });
    quote!(where #known #record #arguments: #krate::CacheValue)
}

fn tags(domain: &DomainModel) -> Option<TokenStream> {
    let krate = &domain.krate;
    let templates: Vec<&Template> = templates(domain).collect();
    let lists: Vec<&TagList> = domain.tag_lists.iter().collect();
    if templates.is_empty() && lists.is_empty() && domain.tag_of_all().is_none() {
        return None;
    }
    let used = domain.fields.iter();
    let used = used.filter(|name| are_made_of(&templates, &lists, name));
    let tags = tags_of(domain, &templates, &lists);
    Some(quote! {
        fn cache_tags(&self) -> ::std::vec::Vec<#krate::Tag> {
            let Self { #(#used,)* .. } = self;
            #tags
        }
    })
}

/// Whether tags are made of this field.
fn are_made_of(templates: &[&Template], lists: &[&TagList], field: &Ident) -> bool {
    templates.iter().any(|tag| tag.mentions(field))
        || lists.iter().any(|list| list.field.name == *field)
}

/// A list of tags: of all records, of templates, and of lists, over fields that stand there by reference.
fn tags_of(domain: &DomainModel, templates: &[&Template], lists: &[&TagList]) -> TokenStream {
    let krate = &domain.krate;
    let scope = domain.scope();
    let tag = |tag: TokenStream| quote!(<#krate::Tag as ::core::convert::From<_>>::from(#tag));
    let of_all = domain.tag_of_all().map(|all| tag(quote!(#all)));
    let each = templates
        .iter()
        .map(|template| tag(template.to_tag(krate, &scope)));
    let fixed: Vec<TokenStream> = of_all.into_iter().chain(each).collect();
    let lists = lists.iter().map(|list| {
        let name = &list.field.name;
        let krate = located(krate, name.span());
        let each_tag = quote_spanned!(name.span()=> #krate::__private::each_tag);
        let tag = tag(match &list.template {
            Some(template) => template.to_tag(&domain.krate, &scope),
            None => quote_spanned!(name.span()=> ::core::convert::AsRef::<::core::primitive::str>::as_ref(#name)),
        });
        quote! {
            #each_tag(&mut __cache_tags, #name, |#name| #tag);
        }
    });
    let lists: Vec<TokenStream> = lists.collect();
    if lists.is_empty() {
        return quote!(::std::vec![#(#fixed),*]);
    }
    quote! {
        let mut __cache_tags: ::std::vec::Vec<#krate::Tag> = ::std::vec![#(#fixed),*];
        #(#lists)*
        __cache_tags
    }
}

/// Those tags that are known before the record is: that follow from the fields `named`, of which `value` makes what the record
/// has.
fn known_tags(
    domain: &DomainModel,
    named: &[Field],
    value: fn(&Field) -> TokenStream,
) -> TokenStream {
    let follows = |tag: &&Template| domain.follows_from(tag, named);
    let templates: Vec<&Template> = templates(domain).filter(follows).collect();
    let is_named = |list: &&TagList| named.iter().any(|field| field.name == list.field.name);
    let lists: Vec<&TagList> = domain.tag_lists.iter().filter(is_named).collect();
    let tags = tags_of(domain, &templates, &lists);
    let used = named.iter();
    let used = used.filter(|field| are_made_of(&templates, &lists, &field.name));
    let used: Vec<TokenStream> = used
        .map(|field| {
            let (name, value) = (&field.name, value(field));
            quote!(let #name = &#value;)
        })
        .collect();
    match used.is_empty() {
        true => tags,
        false => quote!({ #(#used)* #tags }),
    }
}

/// The value of a key's field, of what `get` takes.
fn of_key(field: &Field) -> TokenStream {
    let name = &field.name;
    quote!(::std::borrow::ToOwned::to_owned(#name))
}

/// The value of a secondary field, of what `by_…` takes.
fn of_lookup(field: &Field) -> TokenStream {
    let value = of_key(field);
    match option_of(&field.ty) {
        Some(_) => quote!(::core::option::Option::Some(#value)),
        None => value,
    }
}

fn templates(domain: &DomainModel) -> impl Iterator<Item = &Template> {
    let of_fields = domain.tags.iter().map(|tag| &tag.template);
    of_fields.chain(&domain.more_tags)
}

fn ttl(domain: &DomainModel) -> Option<TokenStream> {
    let krate = &domain.krate;
    let ttl = match (&domain.ttl_with, &domain.ttl) {
        (Some(ttl_with), _) => ttl_with.applied(&format_ident!("self"), &domain.scope()),
        (None, ttl) => ttl.as_ref()?.before_value(krate, &domain.scope())?,
    };
    Some(quote! {
        fn cache_ttl(&self) -> #krate::Ttl {
            #krate::IntoTtl::into_ttl(#ttl)
        }
    })
}

fn negative(domain: &DomainModel) -> Option<TokenStream> {
    let krate = &domain.krate;
    let negative = domain
        .negative
        .as_ref()?
        .before_value(krate, &domain.scope())?;
    Some(quote! {
        fn cache_negative() -> ::core::option::Option<#krate::Ttl> {
            ::core::option::Option::Some(#krate::IntoTtl::into_ttl(#negative))
        }
    })
}

/// The parameter `load`: another name than that of a field called so.
fn the_load() -> Ident {
    Ident::new("load", Span::mixed_site())
}

fn awaited_load() -> TokenStream {
    let load = the_load();
    quote!(async { #load().await })
}

/// How a load is given and used: by a caller who waits for it, or so that it can go on after that.
struct Loading {
    load: TokenStream,
    bounds: TokenStream,
    call: fn(&TokenStream, &TokenStream) -> TokenStream,
}

fn loading(domain: &DomainModel, record: &TokenStream) -> Loading {
    let krate = &domain.krate;
    let result = quote!(::core::result::Result<::core::option::Option<#record>, __CacheE>);
    let output = quote!(::core::future::Future<Output = #result>);
    let load = the_load();
    if domain.policy.apart().is_none() {
        return Loading {
            load: quote!(#load: impl ::core::ops::FnOnce() -> __CacheF),
            bounds: quote!(__CacheF: #output,),
            call: |key, tags| {
                let load = awaited_load();
                quote!(get_or_load(#key, || #tags, #load))
            },
        };
    }
    let tells = domain.policy.has_timeout();
    let tells = tells.then(|| quote!(::core::convert::From<#krate::TimedOut> +));
    Loading {
        load: quote!(#load: impl ::core::ops::FnOnce() -> __CacheF + ::core::marker::Send + 'static),
        bounds: quote! {
            __CacheE: #tells ::core::marker::Send + 'static,
            __CacheF: #output + ::core::marker::Send + 'static,
        },
        call: if domain.policy.has_timeout() {
            |key, tags| {
                let load = awaited_load();
                quote!(get_or_load_in_time(#key, || #tags, #load))
            }
        } else {
            |key, tags| {
                let load = awaited_load();
                quote!(get_or_load_apart(#key, || #tags, #load))
            }
        },
    }
}

fn site(domain: &DomainModel) -> TokenStream {
    let DomainModel { record, krate, .. } = domain;
    let name = record.to_string();
    let key = domain.keys.template();
    let domain_name = domain.domain_name();
    let mut options = quote!(, of_domain = #domain_name);
    let of_lists = domain
        .tag_lists
        .iter()
        .filter_map(|list| list.template.as_ref());
    let tags = templates(domain).chain(of_lists);
    let tags = tags.map(|tag| tag.literal.to_token_stream());
    let of_all = domain.tag_of_all().map(|tag| quote!(#tag));
    let tags: Vec<TokenStream> = of_all.into_iter().chain(tags).collect();
    if !tags.is_empty() || !domain.tag_lists.is_empty() {
        options.extend(quote!(, tags = &[#(#tags),*], value_tags = true));
    }
    if domain.tag_lists.iter().any(|list| list.template.is_none()) {
        options.extend(quote!(, open_tags = true));
    }
    let lookups: Vec<_> = domain
        .lookups
        .iter()
        .map(|lookup| domain.keys.lookup_template(&lookup.name))
        .collect();
    if !lookups.is_empty() {
        options.extend(quote!(, lookups = &[#(#lookups),*]));
    }
    match (&domain.ttl_with, &domain.ttl) {
        (None, Some(Time::Millis(millis))) => options.extend(quote!(, ttl_millis = #millis)),
        (None, Some(Time::Forever)) => options.extend(quote!(, ttl_forever = true)),
        (None, Some(Time::Adaptive(adaptive))) => options.extend(adaptive.site_options()),
        (None, None) => {}
        _ => options.extend(quote!(, ttl_dynamic = true)),
    }
    if let Some(version) = domain.version {
        options.extend(quote!(, version = #version));
    }
    options.extend(domain.encoding.site_options(krate));
    options.extend(domain.keeping.site_options());
    options.extend(domain.policy.site_options());
    if domain.negative.is_some() {
        options.extend(quote!(, negative = true));
    }
    if domain.sensitive {
        options.extend(quote!(, sensitive = true));
    }
    quote! {
        #krate::__private::site! {
            __CACHE_SITE: domain, name_is = ::core::concat!(::core::module_path!(), "::", #name), key = #key #options
        }
    }
}

/// Input: a record. Output: its cache.
fn cache(domain: &DomainModel) -> TokenStream {
    let DomainModel {
        vis,
        record,
        cache,
        krate,
        ..
    } = domain;
    let (generics, arguments, _) = domain.generics.split_for_impl();
    let declared = &domain.generics.params;
    let declared = (!declared.is_empty()).then(|| quote!(<#declared>));
    let bounds = bounds(domain);
    let record_type = quote!(#record #arguments);
    let methods = methods(domain, &record_type);
    let about = format!(
        "The cache of [`{record}`]; keys are `{}`.",
        domain.keys.template()
    );
    quote! {
        #[doc = #about]
        #vis struct #cache #declared #bounds {
            domain: #krate::__private::Domain<#record_type>,
        }

        #[automatically_derived]
        #[allow(dead_code, clippy::too_many_arguments, reason = "a cache is there to be used, not all of it has to be, and takes what a key has")]
        impl #generics #cache #arguments #bounds {
            #methods
        }

        #[automatically_derived]
        impl #generics ::core::clone::Clone for #cache #arguments #bounds {
            fn clone(&self) -> Self {
                Self { domain: ::core::clone::Clone::clone(&self.domain) }
            }
        }

        #[automatically_derived]
        impl #generics ::core::fmt::Debug for #cache #arguments #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.domain, f)
            }
        }
    }
}

fn methods(domain: &DomainModel, record: &TokenStream) -> TokenStream {
    let DomainModel { vis, krate, .. } = domain;
    let keys = &domain.keys;
    let inputs = inputs(&keys.fields);
    let key = keys.expr(krate, ToTokens::to_token_stream);
    let Loading { load, bounds, call } = loading(domain, record);
    let known = known_tags(domain, &keys.fields, of_key);
    let names: Vec<_> = keys.fields.iter().map(|field| &field.name).collect();
    let call = call(&key, &known);
    let (the_load, awaited) = (the_load(), awaited_load());
    let id = id_type(&keys.fields);
    let id_pattern = id_pattern(&keys.fields);
    let by_tag = domain.tags.iter().map(|tag| invalidate_by(domain, tag));
    let by_lookup = domain
        .lookups
        .iter()
        .map(|lookup| find_by(domain, lookup, record));
    quote! {
        /// The cache in `cache`.
        #vis fn new(cache: &#krate::Cache) -> Self {
            Self { domain: #krate::__private::Domain::new(cache) }
        }
        /// The key of a record.
        #vis fn key(#inputs) -> #krate::Key {
            #key
        }
        /// The record, if it is stored.
        #vis async fn get(&self, #inputs) -> ::core::option::Option<#record> {
            self.domain.get(#key).await
        }
        /// Several records, in the order of `ids`.
        #vis async fn get_many(&self, ids: impl ::core::iter::IntoIterator<Item = #id>) -> ::std::vec::Vec<::core::option::Option<#record>> {
            let ids = ::core::iter::IntoIterator::into_iter(ids);
            let keys = ::core::iter::Iterator::map(ids, |#id_pattern| {
                #(let #names = &#names;)*
                #key
            });
            self.domain.get_many(::core::iter::Iterator::collect(keys)).await
        }
        /// Stores a record; tells whether it was stored. The cache cannot know how old the record is: to be safe
        /// from storing one that was read before somebody else wrote, use `get_or_load` or `refresh`.
        #vis async fn put(&self, record: &#record) -> bool {
            self.domain.put(record).await
        }
        /// Stores several records; tells how many were stored.
        #vis async fn put_many(&self, records: &[#record]) -> usize {
            self.domain.put_many(records).await
        }
        /// The record, from the cache or else from `load`, whose result is stored unless it is invalidated
        /// meanwhile. Callers that come at the same time share one load.
        #vis async fn get_or_load<__CacheE, __CacheF>(&self, #inputs #load) -> ::core::result::Result<::core::option::Option<#record>, __CacheE>
        where
            #bounds
        {
            self.domain.#call.await
        }
        /// Loads the record afresh, and stores it.
        #vis async fn refresh<__CacheE, __CacheF>(&self, #inputs #the_load: impl ::core::ops::FnOnce() -> __CacheF) -> ::core::result::Result<::core::option::Option<#record>, __CacheE>
        where
            __CacheF: ::core::future::Future<Output = ::core::result::Result<::core::option::Option<#record>, __CacheE>>,
        {
            self.domain.refresh(#key, || #known, #awaited).await
        }
        /// Deletes a record; tells whether it was stored.
        #vis async fn invalidate(&self, #inputs) -> bool {
            self.domain.invalidate(#key).await
        }
        /// Invalidates every record of this cache, in one step.
        #vis async fn invalidate_all(&self) -> #krate::Invalidated {
            self.domain.invalidate_all().await
        }
        /// Loads those records that are not stored, eight at a time.
        #vis async fn warm<__CacheE, __CacheF>(&self, ids: impl ::core::iter::IntoIterator<Item = #id>, load: impl ::core::ops::Fn(#id) -> __CacheF + ::core::marker::Send + ::core::marker::Sync + 'static) -> #krate::WarmReport
        where
            #id: ::core::clone::Clone + ::core::marker::Send + 'static,
            __CacheE: ::core::marker::Send + 'static,
            __CacheF: ::core::future::Future<Output = ::core::result::Result<::core::option::Option<#record>, __CacheE>> + ::core::marker::Send + 'static,
        {
            let ids = ::core::iter::IntoIterator::into_iter(ids);
            let keyed = ::core::iter::Iterator::map(ids, |id| {
                let (key, known) = {
                    let #id_pattern = ::core::clone::Clone::clone(&id);
                    #(let #names = &#names;)*
                    (#key, #known)
                };
                (id, key, known)
            });
            self.domain.warm(::core::iter::Iterator::collect(keyed), load).await
        }
        /// What this cache has done.
        #vis fn stats(&self) -> #krate::FunctionStats {
            self.domain.stats()
        }
        #(#by_tag)*
        #(#by_lookup)*
    }
}

fn invalidate_by(domain: &DomainModel, tag: &super::model::FieldTag) -> TokenStream {
    let (vis, krate) = (&domain.vis, &domain.krate);
    let name = &tag.field.name;
    let method = format_ident!("invalidate_by_{}", name.unraw());
    let input = input(&tag.field);
    let tag = tag.template.to_key(krate, &domain.scope());
    let about = format!("Invalidates everything that is tagged with this `{name}`, in one step.");
    quote! {
        #[doc = #about]
        #vis async fn #method(&self, #input) -> #krate::Invalidated {
            self.domain.invalidate_tag(#tag).await
        }
    }
}

fn find_by(domain: &DomainModel, lookup: &Field, record: &TokenStream) -> TokenStream {
    let vis = &domain.vis;
    let name = &lookup.name;
    let (find, find_or_load) = (
        format_ident!("by_{}", name.unraw()),
        format_ident!("by_{}_or_load", name.unraw()),
    );
    let ty = borrowed(option_of(&lookup.ty).unwrap_or(&lookup.ty));
    let input = quote!(#name: &#ty,);
    let key = domain.keys.lookup_expr(&domain.krate, name, quote!(#name));
    let Loading { load, bounds, call } = loading(domain, record);
    let known = known_tags(domain, std::slice::from_ref(lookup), of_lookup);
    let call = call(&key, &known);
    let about_find = format!("The record with this `{name}`, if it is stored.");
    let about_load = format!("The record with this `{name}`, from the cache or else from `load`.");
    quote! {
        #[doc = #about_find]
        #vis async fn #find(&self, #input) -> ::core::option::Option<#record> {
            self.domain.get(#key).await
        }
        #[doc = #about_load]
        #vis async fn #find_or_load<__CacheE, __CacheF>(&self, #input #load) -> ::core::result::Result<::core::option::Option<#record>, __CacheE>
        where
            #bounds
        {
            self.domain.#call.await
        }
    }
}

/// `id: &SessionId, `
fn inputs(fields: &[Field]) -> TokenStream {
    fields.iter().map(input).collect()
}

fn input(field: &Field) -> TokenStream {
    let (name, ty) = (&field.name, borrowed(&field.ty));
    quote!(#name: &#ty,)
}

/// `T` of `Option<T>`.
fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) if last.ident == "Option" => {
            match arguments.args.first()? {
                GenericArgument::Type(inner) => Some(inner),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What a reference to the type is best taken as: `str` for `String`, `[T]` for `Vec<T>`.
fn borrowed(ty: &Type) -> TokenStream {
    if let Type::Path(path) = ty
        && let Some(last) = path.path.segments.last()
    {
        if last.ident == "String" && last.arguments.is_none() {
            return quote!(::core::primitive::str);
        }
        if last.ident == "Vec"
            && let PathArguments::AngleBracketed(arguments) = &last.arguments
            && let Some(GenericArgument::Type(element)) = arguments.args.first()
        {
            return quote!([#element]);
        }
    }
    ty.to_token_stream()
}

/// The key fields as one owned value.
fn id_type(fields: &[Field]) -> TokenStream {
    let types = fields.iter().map(|field| &field.ty);
    match fields {
        [only] => only.ty.to_token_stream(),
        _ => quote!((#(#types),*)),
    }
}

/// The pattern that takes such a value apart, into the names that a key expression uses.
fn id_pattern(fields: &[Field]) -> TokenStream {
    let names = fields.iter().map(|field| &field.name);
    match fields {
        [only] => only.name.to_token_stream(),
        _ => quote!((#(#names),*)),
    }
}

/// So that the compiler complains there of what is called by this path.
fn located(path: &Path, span: Span) -> TokenStream {
    let located = |mut token: TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    path.to_token_stream().into_iter().map(located).collect()
}
