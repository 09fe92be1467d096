//! A body that needs nothing of its caller, so that it can go on when that has its answer.
//!
//! ```text
//! Input                                   Output
//!
//! async fn user(db: &Db, id: u64)         __cache_miss.fill_apart(
//!     -> User { body }                        decision,
//!                                             {
//!                                                 let __cache_own_0 = own(db);
//!                                                 async move {
//!                                                     let db = __cache_own_0.lend();
//!                                                     body
//!                                                 }
//!                                             },
//!                                             None,
//!                                         )
//! ```
//!
//! Arguments that are taken by value move into it as ever; a reference becomes a copy of what it refers to.

use super::model::Cached;
use crate::error::Errors;
use crate::function::{Function, ends};
use crate::storing::decided;
use crate::template::{Scope, mentions};
use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit::Visit;
use syn::{FnArg, Lifetime, Pat, Path, Receiver, ReceiverKind, Type, TypeReference};

/// What `self` is called where it is a copy.
fn copied_self(span: Span) -> Ident {
    Ident::new("__cache_self", Span::call_site().located_at(span))
}

/// Whether every argument can be kept; `option` asks for it.
pub(super) fn check(function: &Function, option: &Ident, errors: &mut Errors) {
    for input in &function.sig.inputs {
        match input {
            FnArg::Receiver(receiver) => check_receiver(receiver, option, errors),
            FnArg::Typed(typed) => check_type(&typed.pat, &typed.ty, option, errors),
        }
    }
}

fn check_receiver(receiver: &Receiver, option: &Ident, errors: &mut Errors) {
    if lends(receiver) == Some(Lent::ToChange) {
        errors.push(receiver, cannot_be_mutable(option));
    }
}

/// How something is lent.
#[derive(PartialEq, Eq)]
enum Lent {
    ToRead,
    ToChange,
}

/// How `self` is lent, if it is.
fn lends(receiver: &Receiver) -> Option<Lent> {
    let is_mutable = match &receiver.kind {
        ReceiverKind::Reference(_, _, mutable) => mutable.is_some(),
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Reference(reference) => reference.mutability.is_some(),
            _ => return None,
        },
        _ => return None,
    };
    Some(if is_mutable {
        Lent::ToChange
    } else {
        Lent::ToRead
    })
}

fn check_type(pattern: &Pat, ty: &Type, option: &Ident, errors: &mut Errors) {
    match ty {
        Type::Reference(reference) if reference.mutability.is_some() => {
            errors.push(ty, cannot_be_mutable(option));
        }
        Type::Reference(reference) => {
            if !matches!(pattern, Pat::Ident(_)) {
                errors.push(pattern, format!("with `{option}` this function may go on after its caller, so what is borrowed is copied first, as a whole; give the argument a name and take it apart in the body"));
            }
            check_owned(&reference.elem, option, errors);
        }
        ty => check_owned(ty, option, errors),
    }
}

fn cannot_be_mutable(option: &Ident) -> String {
    format!(
        "with `{option}` this function may go on after its caller, and cannot change what that has lent it"
    )
}

/// Whether nothing is borrowed inside of a type.
fn check_owned(ty: &Type, option: &Ident, errors: &mut Errors) {
    struct Borrows<'t>(Option<&'t dyn ToTokens>);
    impl<'t> Visit<'t> for Borrows<'t> {
        fn visit_type_reference(&mut self, reference: &'t TypeReference) {
            let is_static = reference
                .lifetime
                .as_ref()
                .is_some_and(|it| it.ident == "static");
            if !is_static {
                self.0.get_or_insert(reference);
            }
        }
        fn visit_lifetime(&mut self, lifetime: &'t Lifetime) {
            if lifetime.ident != "static" {
                self.0.get_or_insert(lifetime);
            }
        }
    }
    let mut borrows = Borrows(None);
    borrows.visit_type(ty);
    if let Some(borrowed) = borrows.0 {
        errors.push(borrowed.to_token_stream(), format!("with `{option}` this function may go on after its caller, and what is borrowed inside of an argument cannot be kept; take it by value"));
    }
}

/// `.fill_apart(decision, body, timed_out).await`
pub(super) fn fill(
    function: &Function,
    cached: &Cached,
    miss: &Ident,
    output: &Type,
) -> TokenStream {
    let krate = &cached.krate;
    let borrowed = borrowed(function);
    let arguments = function.arguments();
    let inside = Scope {
        receiver: arguments.scope().receiver.map(|receiver| {
            let is_self = receiver == "self";
            if is_self {
                copied_self(receiver.span())
            } else {
                receiver
            }
        }),
        ..arguments.scope()
    };
    let decision = moving(
        cached.storing.decides(krate, &inside),
        function,
        &borrowed,
        krate,
    );
    let lent_self = borrowed.iter().any(|borrowed| borrowed.argument == "self");
    let owned = borrowed.iter().map(|borrowed| borrowed.own(krate));
    let lent = borrowed.iter().map(Borrowed::lend);
    let computation = function.computation_with(quote!(#(#lent)*), |body| {
        if lent_self { rename_self(body) } else { body }
    });
    let timed_out = if cached.storing.policy.has_timeout() {
        let (first, _) = ends(output);
        let can = quote_spanned!(first=> <#output as #krate::__private::CanTimeOut>::timed_out);
        quote!(::core::option::Option::Some(#can))
    } else {
        quote!(::core::option::Option::None)
    };
    let name = function.sig.ident.span();
    let fill = quote_spanned!(name.resolved_at(Span::mixed_site())=> .fill_apart);
    quote!(#miss #fill(#decision, { #(#owned)* #computation }, #timed_out).await)
}

/// Something that is lent to the function.
struct Borrowed {
    /// What it is called in the body.
    name: Ident,
    /// Where it comes from.
    argument: Ident,
    /// What its copy is called.
    own: Ident,
    /// Where a mistake belongs.
    span: Span,
}

impl Borrowed {
    fn own(&self, krate: &Path) -> TokenStream {
        let Borrowed {
            own,
            argument,
            span,
            ..
        } = self;
        // At the place of the type, which may be one that cannot be copied.
        let argument = Ident::new(&argument.to_string(), argument.span().located_at(*span));
        let copy = quote_spanned!(*span=> (#argument));
        quote!(let #own = #krate::__private::own #copy;)
    }

    fn lend(&self) -> TokenStream {
        let Borrowed { name, own, .. } = self;
        quote! {
            #[allow(unused_variables, reason = "the attribute may need it, and the body not")]
            let #name = #own.lend();
        }
    }
}

fn borrowed(function: &Function) -> Vec<Borrowed> {
    let own = |number: usize| {
        let name = format!("__cache_own_{number}");
        Ident::new(&name, Span::mixed_site())
    };
    let lent = |(number, input): (usize, &FnArg)| match input {
        FnArg::Receiver(receiver) if lends(receiver).is_some() => {
            let argument = function.receiver()?;
            let name = if argument == "self" {
                copied_self(argument.span())
            } else {
                argument.clone()
            };
            Some(Borrowed {
                name,
                argument,
                own: own(number),
                span: receiver.self_token.span,
            })
        }
        FnArg::Receiver(_) => None,
        FnArg::Typed(typed) => {
            let (Pat::Ident(pattern), Type::Reference(reference)) = (&*typed.pat, &*typed.ty)
            else {
                return None;
            };
            Some(Borrowed {
                name: pattern.ident.clone(),
                argument: pattern.ident.clone(),
                own: own(number),
                span: ends(&reference.elem).0,
            })
        }
    };
    function
        .sig
        .inputs
        .iter()
        .enumerate()
        .filter_map(lent)
        .collect()
}

/// The decision as a closure with copies of what it uses: the body takes the arguments.
fn moving(
    decides: TokenStream,
    function: &Function,
    borrowed: &[Borrowed],
    krate: &Path,
) -> TokenStream {
    if decides.is_empty() {
        return quote!(|_, _| {});
    }
    let (mut copies, mut lent) = (TokenStream::new(), TokenStream::new());
    for borrowed in borrowed {
        if uses(&decides, &borrowed.name) {
            copies.extend(borrowed.own(krate));
            lent.extend(borrowed.lend());
        }
    }
    let names = function.arguments().names;
    let is_borrowed = |name: &Ident| borrowed.iter().any(|borrowed| borrowed.name == *name);
    for name in names.iter().filter(|name| !is_borrowed(name)) {
        if uses(&decides, name) {
            copies.extend(quote!(let #name = ::core::clone::Clone::clone(&#name);));
        }
    }
    let own_self = copied_self(Span::call_site());
    if !is_borrowed(&own_self) && mentions(decides.clone(), &own_self) {
        copies.extend(quote!(let #own_self = ::core::clone::Clone::clone(&self);));
    }
    let (value, decision) = decided();
    quote!({ #copies move |#value, #decision| { #lent #decides } })
}

/// Whether these tokens use a name: as a name, or in a text that is to be formatted.
fn uses(tokens: &TokenStream, name: &Ident) -> bool {
    fn captures(tokens: TokenStream, name: &str) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let captured = |end| text.contains(&format!("{{{name}{end}"));
                captured('}') || captured(':')
            }
            TokenTree::Group(group) => captures(group.stream(), name),
            TokenTree::Ident(_) | TokenTree::Punct(_) => false,
        })
    }
    mentions(tokens.clone(), name) || captures(tokens.clone(), &name.to_string())
}

/// `self` in a body as its copy is called; not in the items inside of it, which have their own, and not in paths.
fn rename_self(body: TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = body.into_iter().collect();
    let mut renamed = TokenStream::new();
    let mut at = 0;
    while at < trees.len() {
        let end = end_of_item(&trees, at);
        if end > at {
            renamed.extend(trees[at..end].iter().cloned());
            at = end;
            continue;
        }
        renamed.extend([match &trees[at] {
            TokenTree::Ident(ident) if ident == "self" && !starts_path(&trees, at) => {
                TokenTree::Ident(copied_self(ident.span()))
            }
            TokenTree::Group(group) if is_visibility(&trees, at) => TokenTree::Group(group.clone()),
            TokenTree::Group(group) => {
                let mut inner = rename_self(group.stream());
                if formats(&trees, at) {
                    inner = inner.into_iter().map(rename_self_in_text).collect();
                }
                let mut inner = Group::new(group.delimiter(), inner);
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other.clone(),
        }]);
        at += 1;
    }
    renamed
}

/// `self::`
fn starts_path(trees: &[TokenTree], at: usize) -> bool {
    let is_colon = |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is_colon(trees.get(at + 1)) && is_colon(trees.get(at + 2))
}

/// `pub(self)`, `pub(in self::…)`
fn is_visibility(trees: &[TokenTree], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &trees[before]);
    matches!(before, Some(TokenTree::Ident(ident)) if ident == "pub")
}

/// Whether these are the arguments of a macro that formats texts.
fn formats(trees: &[TokenTree], at: usize) -> bool {
    const FORMATS: &[&str] = &[
        "anyhow",
        "assert",
        "assert_eq",
        "assert_ne",
        "bail",
        "debug",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
        "debug_span",
        "ensure",
        "eprint",
        "eprintln",
        "error",
        "error_span",
        "event",
        "format",
        "format_args",
        "format_err",
        "info",
        "info_span",
        "log",
        "panic",
        "print",
        "println",
        "span",
        "todo",
        "trace",
        "trace_span",
        "unimplemented",
        "unreachable",
        "warn",
        "warn_span",
        "write",
        "writeln",
    ];
    let Some([TokenTree::Ident(name), TokenTree::Punct(mark)]) =
        at.checked_sub(2).map(|from| &trees[from..at])
    else {
        return false;
    };
    mark.as_char() == '!' && FORMATS.contains(&name.to_string().as_str())
}

/// `"{self}"`, where `self` is what is formatted.
fn rename_self_in_text(tree: TokenTree) -> TokenTree {
    let TokenTree::Literal(literal) = &tree else {
        return tree;
    };
    let text = literal.to_string();
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("{self") {
        let (before, from) = rest.split_at(at);
        let after = &from["{self".len()..];
        renamed.push_str(before);
        // Two braces stand for one.
        let braces = renamed
            .bytes()
            .rev()
            .take_while(|&byte| byte == b'{')
            .count();
        if braces % 2 == 0 && after.starts_with(['}', ':']) {
            renamed.push_str("{__cache_self");
        } else {
            renamed.push_str("{self");
        }
        rest = after;
    }
    renamed.push_str(rest);
    match renamed.parse::<Literal>() {
        Ok(mut other) if renamed != text => {
            other.set_span(literal.span());
            TokenTree::Literal(other)
        }
        _ => tree,
    }
}

/// Where an `impl`, a `trait` or a `use` ends that begins here; here, if none does.
fn end_of_item(trees: &[TokenTree], at: usize) -> usize {
    let TokenTree::Ident(word) = &trees[at] else {
        return at;
    };
    let ends = |is_end: fn(&TokenTree) -> bool| {
        let rest = trees[at..].iter().position(is_end);
        rest.map_or(at, |length| at + length + 1)
    };
    if word == "impl" || word == "trait" {
        ends(
            |tree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace),
        )
    } else if word == "use" {
        ends(|tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';'))
    } else {
        at
    }
}
