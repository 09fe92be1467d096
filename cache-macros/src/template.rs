//! Templates: `"user:{id}:{page.number}"`.
//!
//! Reads and checks templates of keys, tags and patterns. Which names a placeholder may use is for the caller to
//! say.

use crate::error::Errors;
use crate::suggest::{did_you_mean, list};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Expr, LitStr, Path};

/// What a template is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Key,
    Tag,
    Pattern,
    /// Of `key!`: any of them.
    Any,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::Key => "key",
            Role::Tag => "tag",
            Role::Pattern => "pattern",
            Role::Any => "template",
        }
    }
}

/// A template that has been read.
pub(crate) struct Template {
    pub(crate) literal: LitStr,
    pieces: Vec<Piece>,
    /// Whether every placeholder could be read.
    is_whole: bool,
}

enum Piece {
    Text(String),
    Value(Placeholder),
}

/// What stands between braces: an expression over the names in scope.
pub(crate) struct Placeholder {
    pub(crate) expr: Expr,
    /// As written, without blanks around.
    source: String,
    /// Where it stands in the string, braces included.
    at: Range<usize>,
}

impl Template {
    /// Reads a template; mistakes of its syntax go to `errors`.
    pub(crate) fn parse(literal: LitStr, role: Role, errors: &mut Errors) -> Self {
        let text = literal.value();
        let mut template = Template {
            pieces: Vec::new(),
            literal,
            is_whole: true,
        };
        let pieces = split(&text).unwrap_or_else(|(at, message)| {
            template.broken(pointing_into(&text, at, &message), errors);
            Vec::new()
        });
        for piece in pieces {
            match piece {
                Raw::Text(text) => template.pieces.push(Piece::Text(text)),
                Raw::Value(at) => template.add_placeholder(&text, at, errors),
            }
        }
        template.check(&text, role, errors);
        template
    }

    fn add_placeholder(&mut self, text: &str, at: Range<usize>, errors: &mut Errors) {
        let source = text[at.start + 1..at.end - 1].trim().to_owned();
        match parse_expr(&source, self.literal.span()) {
            Ok(expr) => self
                .pieces
                .push(Piece::Value(Placeholder { expr, source, at })),
            Err(message) => self.broken(pointing_into(text, at, &message), errors),
        }
    }

    fn broken(&mut self, message: String, errors: &mut Errors) {
        self.is_whole = false;
        errors.push(&self.literal, message);
    }

    fn check(&self, text: &str, role: Role, errors: &mut Errors) {
        let role_name = role.name();
        if text.is_empty() {
            errors.push(
                &self.literal,
                format!("an empty {role_name}; write one such as `\"user:{{id}}\"`"),
            );
        }
        if role != Role::Pattern {
            self.check_segments(text, role_name, errors);
        }
        if matches!(role, Role::Key | Role::Tag)
            && self.is_whole
            && let Some(at) = text.find(['*', '?', '[', ']'])
            && !self
                .placeholders()
                .any(|placeholder| placeholder.at.contains(&at))
        {
            let message = format!(
                "a wildcard in a {role_name}; wildcards belong into the patterns of `#[cache_invalidate]`"
            );
            errors.push(&self.literal, pointing_into(text, at..at + 1, &message));
        }
    }

    /// Two values in one segment could run together: `("a", "bc")` and `("ab", "c")`.
    fn check_segments(&self, text: &str, role: &str, errors: &mut Errors) {
        let mut last: Option<&Placeholder> = None;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) if text.contains(':') => last = None,
                Piece::Text(_) => {}
                Piece::Value(value) => {
                    if let Some(first) = last {
                        let message = format!(
                            "`{{{}}}` and `{{{}}}` stand in one segment of the {role}, where different values could look alike; put a `:` between them",
                            first.source, value.source
                        );
                        errors.push(
                            &self.literal,
                            pointing_into(text, first.at.start..value.at.end, &message),
                        );
                    }
                    last = Some(value);
                }
            }
        }
    }

    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Value(placeholder) => Some(placeholder),
            Piece::Text(_) => None,
        })
    }

    /// Whether a placeholder uses `name`.
    pub(crate) fn mentions(&self, name: &Ident) -> bool {
        self.placeholders()
            .any(|placeholder| uses(&placeholder.expr, name))
    }

    /// Whether the same placeholder, to the letter, stands in `other`.
    pub(crate) fn follows_from(&self, other: &Template) -> bool {
        self.placeholders().all(|ours| {
            other
                .placeholders()
                .any(|theirs| theirs.source == ours.source)
        })
    }

    /// Checks that every placeholder is about something known: `names`, `self` if there is one, a constant or a path.
    pub(crate) fn check_names(&self, role: Role, scope: &Scope<'_>, errors: &mut Errors) {
        for placeholder in self.placeholders() {
            if let Some(root) = placeholder.unknown_root(scope) {
                self.report_unknown(role, placeholder, &root, scope, errors);
            }
        }
    }

    /// Whether it is clear which names this template mentions: a name is not missing where a placeholder is wrong.
    pub(crate) fn is_clear(&self, scope: &Scope<'_>) -> bool {
        let mut placeholders = self.placeholders();
        self.is_whole && placeholders.all(|placeholder| placeholder.unknown_root(scope).is_none())
    }

    fn report_unknown(
        &self,
        role: Role,
        placeholder: &Placeholder,
        root: &Ident,
        scope: &Scope<'_>,
        errors: &mut Errors,
    ) {
        let (role, root) = (role.name(), root.to_string());
        let known: Vec<_> = scope.names.iter().map(ToString::to_string).collect();
        let known = || known.iter().map(String::as_str);
        let message = format!("unknown placeholder `{{{root}}}` in the {role}");
        let (message, help) = match (did_you_mean(&root, known()), known().count()) {
            (Some(near), _) => (format!("{message}; did you mean `{{{near}}}`?"), None),
            (None, 0) => (message, Some(format!("there are no {}s", scope.what))),
            (None, 1) => (
                message,
                Some(format!("the only {} is {}", scope.what, list(known()))),
            ),
            (None, _) => (
                message,
                Some(format!("the {}s are {}", scope.what, list(known()))),
            ),
        };
        let whole = match &help {
            Some(help) => format!("{message}; {help}"),
            None => message.clone(),
        };
        let whole = pointing_into(&self.literal.value(), placeholder.at.clone(), &whole);
        if self.placeholders().all(|other| is_plain(&other.expr)) {
            let label = format!("no {} of this name", scope.what);
            let probe = self.probe(&root, &message, &label, help.as_deref());
            errors.inside_string(&self.literal, &whole, probe);
        } else {
            errors.push(&self.literal, whole);
        }
    }

    /// An item in which the compiler points into the string, with our words: it formats the literal, and finds that
    /// the unknown name stands for something that cannot be formatted unless it is an argument.
    fn probe(&self, unknown: &str, message: &str, label: &str, note: Option<&str>) -> TokenStream {
        let plain = |text: &str| text.replace('{', "{{").replace('}', "}}");
        let (message, label) = (plain(message), plain(label));
        let note = note.map(|note| {
            let note = plain(note);
            quote!(, note = #note)
        });
        let literal = &self.literal;
        let unknown = Ident::new(unknown, literal.span());
        let others = self
            .placeholders()
            .filter_map(|placeholder| as_ident(&placeholder.expr))
            .filter(|name| **name != unknown)
            .collect::<std::collections::BTreeSet<_>>();
        // From an expansion, so that the compiler does not offer to bound it.
        let unbound = Ident::new("T", Span::call_site());
        quote_spanned! {literal.span()=>
            const _: () = {
                #[diagnostic::on_unimplemented(message = #message, label = #label #note)]
                trait Argument {}
                struct Placeholder<T>(T);
                impl<T: Argument> ::core::fmt::Display for Placeholder<T> {
                    fn fmt(&self, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        ::core::result::Result::Ok(())
                    }
                }
                fn _format<#unbound>(#unknown: Placeholder<#unbound>, #(#others: &str),*) {
                    let _ = ::core::format_args!(#literal);
                }
            };
        }
    }

    /// An expression that builds the key: every value by reference, escaped by the runtime.
    pub(crate) fn to_key(&self, krate: &Path, scope: &Scope<'_>) -> TokenStream {
        self.build(krate, scope, quote!(finish))
    }

    fn build(&self, krate: &Path, scope: &Scope<'_>, finish: TokenStream) -> TokenStream {
        let mut calls = TokenStream::new();
        let mut capacity = 0;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    capacity += text.len();
                    calls.extend(quote!(.text(#text)));
                }
                Piece::Value(value) => {
                    capacity += ROOM_FOR_A_VALUE;
                    calls.extend(scope.part(&value.expr));
                }
            }
        }
        quote!(#krate::__private::KeyBuilder::new(#capacity)#calls.#finish())
    }

    /// As [`to_key`](Template::to_key), for a pattern.
    pub(crate) fn to_pattern(&self, krate: &Path, scope: &Scope<'_>) -> TokenStream {
        match &*self.pieces {
            [Piece::Text(text)] => quote!(#text),
            _ => self.build(krate, scope, quote!(finish_pattern)),
        }
    }

    /// A tag of fixed text needs no builder.
    pub(crate) fn to_tag(&self, krate: &Path, scope: &Scope<'_>) -> TokenStream {
        match &*self.pieces {
            [Piece::Text(text)] => quote!(#text),
            _ => self.to_key(krate, scope),
        }
    }
}

impl Placeholder {
    /// The name it starts from, if that is none of the scope.
    fn unknown_root(&self, scope: &Scope<'_>) -> Option<Ident> {
        root(&self.expr).filter(|root| !scope.knows(root))
    }
}

/// What most values take at most, in bytes: an integer of 64 bits.
pub(crate) const ROOM_FOR_A_VALUE: usize = 20;

/// The names that placeholders may use.
pub(crate) struct Scope<'n> {
    /// What the names are: `argument` or `field`.
    pub(crate) what: &'static str,
    pub(crate) names: &'n [Ident],
    /// What `self` is called where the expansion stands, if there is one.
    pub(crate) receiver: Option<Ident>,
}

impl Scope<'_> {
    fn knows(&self, root: &Ident) -> bool {
        self.names.contains(root)
            || (root == "self" && self.receiver.is_some())
            || is_constant(&root.to_string())
    }

    /// `.part(&value)`, with a plain name at the place of its declaration, and anything else at the place of the
    /// string, so that the compiler complains there.
    pub(crate) fn part(&self, expr: &Expr) -> TokenStream {
        let declared =
            as_ident(expr).and_then(|ident| self.names.iter().find(|name| **name == *ident));
        match declared {
            Some(name) => quote_spanned!(name.span()=> .part(&#name)),
            None => {
                let span = expr.span();
                let expr = self.rename_receiver(expr.to_token_stream());
                quote_spanned!(span=> .part(&(#expr)))
            }
        }
    }

    /// `self` as it is called where the expansion stands.
    pub(crate) fn rename_receiver(&self, tokens: TokenStream) -> TokenStream {
        match &self.receiver {
            Some(name) if name != "self" => rename_self(tokens, name),
            _ => tokens,
        }
    }
}

fn rename_self(tokens: TokenStream, name: &Ident) -> TokenStream {
    let rename = |tree| match tree {
        TokenTree::Ident(ident) if ident == "self" => {
            TokenTree::Ident(format_ident!("{name}", span = ident.span()))
        }
        TokenTree::Group(group) => {
            let mut renamed =
                proc_macro2::Group::new(group.delimiter(), rename_self(group.stream(), name));
            renamed.set_span(group.span());
            TokenTree::Group(renamed)
        }
        other => other,
    };
    tokens.into_iter().map(rename).collect()
}

/// Whether an expression uses the variable `name`.
fn uses(expr: &Expr, name: &Ident) -> bool {
    struct Uses<'n> {
        name: &'n Ident,
        found: bool,
    }
    impl<'ast> Visit<'ast> for Uses<'_> {
        fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
            self.found |= path.path.is_ident(self.name);
        }
        fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
            self.found |= mentions(invocation.tokens.clone(), self.name);
        }
    }
    let mut uses = Uses { name, found: false };
    uses.visit_expr(expr);
    uses.found
}

/// Whether the variable `name` may be used in the tokens: the identifier occurs, not as a field or a method, nor as
/// a part of a path.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    let is_punct =
        |tree: Option<&TokenTree>, c| matches!(tree, Some(TokenTree::Punct(p)) if p.as_char() == c);
    let trees: Vec<_> = tokens.into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Ident(ident) if ident == name => {
            let before = |n| at.checked_sub(n).and_then(|at| trees.get(at));
            let is_member = is_punct(before(1), '.') && !is_punct(before(2), '.');
            let ends_path = is_punct(before(1), ':') && is_punct(before(2), ':');
            let starts_path = is_punct(trees.get(at + 1), ':') && is_punct(trees.get(at + 2), ':');
            !is_member && !ends_path && !starts_path
        }
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

enum Raw {
    Text(String),
    Value(Range<usize>),
}

/// Splits at braces; `{{` and `}}` are braces of the text.
fn split(text: &str) -> Result<Vec<Raw>, (Range<usize>, String)> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            literal.push_str(&rest[..1]);
            at += 2;
        } else if rest.starts_with('{') {
            let length = placeholder_length(rest).ok_or_else(|| {
                (
                    at..at + 1,
                    "this `{` is not closed; for a brace in the text write `{{`".to_owned(),
                )
            })?;
            if !literal.is_empty() {
                pieces.push(Raw::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Raw::Value(at..at + length));
            at += length;
        } else if rest.starts_with('}') {
            let message = "this `}` closes nothing; for a brace in the text write `}}`";
            return Err((at..at + 1, message.to_owned()));
        } else {
            let c = rest.chars().next().expect("`at` is before the end");
            literal.push(c);
            at += c.len_utf8();
        }
    }
    if !literal.is_empty() {
        pieces.push(Raw::Text(literal));
    }
    Ok(pieces)
}

/// From `{` to the `}` that closes it, in bytes.
fn placeholder_length(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn parse_expr(source: &str, span: Span) -> Result<Expr, String> {
    if source.is_empty() {
        return Err("an empty placeholder; name an argument, such as `{id}`".to_owned());
    }
    let tokens: TokenStream = source
        .parse()
        .map_err(|_| format!("`{source}` is not an expression"))?;
    syn::parse2(respan(tokens, span)).map_err(|_| {
        match source.split_once(':') {
            Some((value, _)) if !source.contains("::") => {
                format!("`{{{source}}}` has a format; keys have none, convert the value instead: `{{{}.to_string()}}`", value.trim())
            }
            _ => format!("`{source}` is not an expression"),
        }
    })
}

/// Puts the tokens at the place of the string. Names of fields and methods come from the expansion, so that the
/// compiler does not offer to put a better one in place of the whole string.
fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    let mut behind_dot = false;
    let respan_tree = |mut tree: TokenTree| {
        if let TokenTree::Group(group) = &tree {
            tree = TokenTree::Group(proc_macro2::Group::new(
                group.delimiter(),
                respan(group.stream(), span),
            ));
        }
        let is_member = behind_dot && matches!(tree, TokenTree::Ident(_));
        behind_dot =
            matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '.' && !behind_dot);
        tree.set_span(if is_member {
            Span::call_site().located_at(span)
        } else {
            span
        });
        tree
    };
    tokens.into_iter().map(respan_tree).collect()
}

/// The name an expression starts from: `page` in `page.number`, `(*id).0`, `id.to_string()`.
fn root(expr: &Expr) -> Option<Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident().cloned(),
        Expr::Field(field) => root(&field.base),
        Expr::MethodCall(call) => root(&call.receiver),
        Expr::Index(index) => root(&index.expr),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Reference(reference) => root(&reference.expr),
        Expr::Unary(unary) => root(&unary.expr),
        Expr::Cast(cast) => root(&cast.expr),
        _ => None,
    }
}

/// Whether a name is one of a constant: `REGION`.
fn is_constant(name: &str) -> bool {
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}

fn as_ident(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// Whether this is a name that a variable can have.
fn is_plain(expr: &Expr) -> bool {
    let is_path = |ident: &Ident| {
        ["self", "Self", "super", "crate"]
            .iter()
            .any(|path| ident == path)
    };
    as_ident(expr).is_some_and(|ident| !is_path(ident))
}

/// A message about a part of a string, which is shown under it: a stable macro can only point at the whole.
fn pointing_into(text: &str, at: Range<usize>, message: &str) -> String {
    let before = text[..at.start].chars().count();
    let width = text[at].chars().count().max(1);
    let (blank, carets) = (" ".repeat(before), "^".repeat(width));
    format!("{message}\n\n    {text}\n    {blank}{carets}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str, role: Role) -> String {
        let mut errors = Errors::default();
        let template = Template::parse(LitStr::new(text, Span::call_site()), role, &mut errors);
        let names = [format_ident!("id"), format_ident!("page")];
        let scope = Scope {
            what: "argument",
            names: &names,
            receiver: None,
        };
        template.check_names(role, &scope, &mut errors);
        errors.into_compile_errors().to_string()
    }

    #[test]
    fn good_templates_are_taken() {
        for text in [
            "user:{id}",
            "user:{page.number}:v{id}",
            "{{{id}}}",
            "user:{REGION}",
            "a:{ id }",
        ] {
            assert_eq!(errors(text, Role::Key), "", "{text}");
        }
        assert_eq!(errors("user:{id}:*", Role::Pattern), "");
        assert_eq!(errors("x:{self::limit()}", Role::Key), "");
    }

    #[test]
    fn bad_templates_are_refused_with_a_reason() {
        for (text, reason) in [
            ("", "an empty key"),
            ("user:{id", "is not closed"),
            ("user:id}", "closes nothing"),
            ("user:{}", "an empty placeholder"),
            ("user:{id:?}", "has a format"),
            ("user:{id}{page}", "stand in one segment"),
            ("user:{id}-{page}", "stand in one segment"),
            ("user:*", "a wildcard in a key"),
            ("user:{di}", "did you mean `{id}`?"),
            ("user:{name}", "the arguments are `id` and `page`"),
            ("user:{self.id}", "unknown placeholder `{self}`"),
            ("user:{idd.number}", "did you mean `{id}`?"),
            ("user:{if}", "is not an expression"),
        ] {
            let message = errors(text, Role::Key);
            assert!(message.contains(reason), "{text}: {message}");
        }
    }

    #[test]
    fn a_field_of_the_same_name_is_not_a_use_of_the_variable() {
        for (text, expected) in [
            ("{id}", true),
            ("{user.id}", false),
            ("{user.id()}", false),
            ("{user.get(id)}", true),
            ("{id.0}", true),
            ("{id::MAX}", false),
            ("{format!(\"{}\", id)}", true),
            ("{format!(\"{}\", user.id)}", false),
            ("{Some(id)}", true),
            ("{&*id}", true),
        ] {
            let mut errors = Errors::default();
            let literal = LitStr::new(text, Span::call_site());
            let template = Template::parse(literal, Role::Key, &mut errors);
            assert_eq!(template.mentions(&format_ident!("id")), expected, "{text}");
        }
    }

    #[test]
    fn a_message_points_under_the_place() {
        let message = pointing_into("user:{id}", 5..9, "here");
        assert_eq!(message, "here\n\n    user:{id}\n         ^^^^");
    }
}
