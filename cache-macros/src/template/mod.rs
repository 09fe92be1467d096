//! Templates: `"user:{id}:{page.number}"`.
//!
//! Reads and checks templates of keys, tags and patterns. Which names a placeholder may use is for the caller to
//! say.

mod names;
mod scope;
mod syntax;
mod unknown;

pub(crate) use names::mentions;
pub(crate) use scope::Scope;

use crate::error::Errors;
use names::{as_ident, root, uses};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::ops::Range;
use syn::{Expr, LitStr, Path};
use syntax::{Raw, parse_expr, pointing_into, split};

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

/// What a template is made of, for who makes keys of it himself.
pub(crate) enum Part<'t> {
    Text(&'t str),
    /// A placeholder that is a name and no more.
    Name(&'t Ident),
    /// Any other.
    Other,
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
        if matches!(role, Role::Key | Role::Tag) && self.is_whole {
            self.check_wildcards(text, role_name, errors);
        }
    }

    /// What has a meaning in a pattern would stand for itself here.
    fn check_wildcards(&self, text: &str, role: &str, errors: &mut Errors) {
        let is_text = |at: usize| {
            !self
                .placeholders()
                .any(|placeholder| placeholder.at.contains(&at))
        };
        let special = ['*', '?', '[', ']', '\\'];
        let found = text.match_indices(special).find(|(at, _)| is_text(*at));
        if let Some((at, found)) = found {
            let message = format!(
                "`{found}` in a {role} would stand for itself; wildcards and escapes belong into the patterns of `#[cache_invalidate]`"
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

    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Value(value) => as_ident(&value.expr).map_or(Part::Other, Part::Name),
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

    /// An expression that builds the key: every value by reference, escaped by the runtime.
    pub(crate) fn to_key(&self, krate: &Path, scope: &Scope<'_>) -> TokenStream {
        self.build(krate, scope, quote!(finish))
    }

    /// An expression that puts it together, and ends with this method of the builder.
    pub(crate) fn build(
        &self,
        krate: &Path,
        scope: &Scope<'_>,
        finish: TokenStream,
    ) -> TokenStream {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;
    use quote::format_ident;

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
            ("user:*", "`*` in a key would stand for itself"),
            (r"files\{id}", "in a key would stand for itself"),
            ("a:{page[0]}:*", "in a key would stand for itself"),
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
