//! What the keys of a cache look like.
//!
//! ```text
//! prefix = "session", fields `id` and `part`     session:{id}:{part}        session:~token:{token}
//! key = "user:{id}:profile"                      user:{id}:profile          user:~email:{email}:profile
//! ```

use super::model::Field;
use crate::error::Errors;
use crate::template::{Part, ROOM_FOR_A_VALUE, Role, Scope, Template};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{LitStr, Path};

/// The pieces of a key, in their order.
pub(super) struct Keys {
    pieces: Vec<Piece>,
    /// The fields in it, in their order.
    pub(super) fields: Vec<Field>,
}

#[derive(Clone)]
enum Piece {
    Text(String),
    /// The field with this number.
    Value(usize),
}

impl Keys {
    /// A prefix, and the fields behind it.
    pub(super) fn prefixed(prefix: &LitStr, fields: Vec<Field>) -> Self {
        let mut text = prefix.value();
        let mut pieces = Vec::new();
        for number in 0..fields.len() {
            text.push(':');
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Value(number));
        }
        Keys { pieces, fields }
    }

    /// A template over the fields of the record.
    pub(super) fn of_template(literal: LitStr, all: &[Field], errors: &mut Errors) -> Self {
        let names: Vec<Ident> = all.iter().map(|field| field.name.clone()).collect();
        let scope = Scope {
            what: "field",
            names: &names,
            receiver: None,
        };
        let template = Template::parse(literal, Role::Key, errors);
        template.check_names(Role::Key, &scope, errors);
        // What is wrong is reported once.
        let mut unheard = Errors::default();
        let is_clear = template.is_clear(&scope);
        let errors = if is_clear { errors } else { &mut unheard };
        let mut keys = Keys {
            pieces: Vec::new(),
            fields: Vec::new(),
        };
        for part in template.parts() {
            keys.add(part, all, &template.literal, errors);
        }
        let is_understood = !template.parts().any(|part| matches!(part, Part::Other));
        if keys.fields.is_empty() && is_understood {
            errors.push(&template.literal, "no field is in this key, so all records would share it; write one such as `\"user:{id}:profile\"`");
        } else if is_understood && keys.prefix().is_empty() {
            errors.push(&template.literal, "a key begins with a name, which tells it from those of other caches: `\"user:{id}:profile\"`");
        }
        keys
    }

    fn add(&mut self, part: Part<'_>, all: &[Field], literal: &LitStr, errors: &mut Errors) {
        match part {
            Part::Text(text) => {
                if text.contains(['~', '{', '}']) {
                    errors.push(literal, "`~` marks secondary keys, and braces the fields; there are none in the text of a record's key");
                }
                self.pieces.push(Piece::Text(text.to_owned()));
            }
            Part::Name(name) if self.fields.iter().any(|known| known.name == *name) => {
                errors.push(literal, format!("`{{{name}}}` stands in this key twice"));
            }
            Part::Name(name) => match all.iter().find(|field| field.name == *name) {
                Some(field) => {
                    self.pieces.push(Piece::Value(self.fields.len()));
                    self.fields.push(field.clone());
                }
                None => errors.push(literal, format!("`{{{name}}}` is no field; the key of a record is made of those")),
            },
            Part::Other => errors.push(literal, "the key of a record is made of whole fields, which is what `get` takes: `\"user:{id}:profile\"`"),
        }
    }

    /// `user:{id}:profile`
    pub(super) fn template(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Value(number) => format!("{{{}}}", self.fields[*number].name),
            })
            .collect()
    }

    /// What every key begins with, in whole segments.
    pub(super) fn prefix(&self) -> String {
        let template = self.template();
        let segments: Vec<&str> = template.split(':').take_while(is_text).collect();
        segments.join(":")
    }

    /// All of their text, in whole segments: `user:profile`.
    pub(super) fn text(&self) -> String {
        let template = self.template();
        let segments: Vec<&str> = template.split(':').filter(is_text).collect();
        segments.join(":")
    }

    /// Whether what begins like one of these keys is one, so that one pattern says all of them.
    pub(super) fn fill_their_prefix(&self) -> bool {
        let template = self.template();
        !template
            .split(':')
            .skip_while(is_text)
            .any(|it| is_text(&it))
    }

    /// An expression of the key; `value` says where a field's value is.
    pub(super) fn expr(&self, krate: &Path, value: impl Fn(&Ident) -> TokenStream) -> TokenStream {
        let mut capacity = 0;
        let mut calls = TokenStream::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    capacity += text.len();
                    calls.extend(quote!(.text(#text)));
                }
                Piece::Value(number) => {
                    let value = value(&self.fields[*number].name);
                    capacity += ROOM_FOR_A_VALUE;
                    calls.extend(quote!(.part(#value)));
                }
            }
        }
        quote!(#krate::__private::KeyBuilder::new(#capacity)#calls.finish())
    }

    /// What stands before and behind the value of a secondary key: `user:~email:` and `:profile`. No value of a key looks
    /// like `~email`.
    fn around_lookup(&self, field: &Ident) -> (String, String) {
        let template = self.template();
        let mut segments = template.split(':');
        let mut before: String = segments
            .by_ref()
            .take_while(is_text)
            .map(|segment| format!("{segment}:"))
            .collect();
        before.push_str(&format!("~{field}:"));
        let behind = segments.filter(is_text);
        let behind = behind.map(|segment| format!(":{segment}")).collect();
        (before, behind)
    }

    /// `user:~email:{email}:profile`
    pub(super) fn lookup_template(&self, field: &Ident) -> String {
        let (before, behind) = self.around_lookup(field);
        format!("{before}{{{field}}}{behind}")
    }

    pub(super) fn lookup_expr(
        &self,
        krate: &Path,
        field: &Ident,
        value: TokenStream,
    ) -> TokenStream {
        let (before, behind) = self.around_lookup(field);
        let capacity = before.len() + ROOM_FOR_A_VALUE + behind.len();
        let behind = (!behind.is_empty()).then(|| quote!(.text(#behind)));
        quote!(#krate::__private::KeyBuilder::new(#capacity).text(#before).part(#value)#behind.finish())
    }
}

/// Of a template's segments, whether one has no value in it.
fn is_text(segment: &&str) -> bool {
    !segment.contains('{')
}
