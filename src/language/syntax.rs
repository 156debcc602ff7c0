//! Looks into parsed messages: which arguments they have, and where they stand in their file.

use std::borrow::Cow;
use std::collections::BTreeSet;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Message, Pattern, PatternElement};
use fluent_syntax::unicode::unescape_unicode_to_string;

/// The message of an entry; `None` for comments and the like.
pub(super) fn message<'a>(entry: &'a Entry<&'a str>) -> Option<&'a Message<&'a str>> {
    if let Entry::Message(message) = entry { Some(message) } else { None }
}

/// What a text is made of, in all of its variants.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    /// The names of its arguments.
    pub(super) arguments: BTreeSet<&'a str>,
    /// The names of other texts and of functions that it refers to.
    pub(super) references: Vec<&'a str>,
    /// What is written as it stands.
    pub(super) literals: Vec<Cow<'a, str>>,
}

impl<'a> Parts<'a> {
    /// The parts of a text.
    pub(super) fn of(pattern: &Pattern<&'a str>) -> Self {
        let mut parts = Self::default();
        parts.pattern(pattern);
        parts
    }

    fn pattern(&mut self, pattern: &Pattern<&'a str>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => self.literals.push(Cow::Borrowed(value)),
                PatternElement::Placeable { expression } => self.expression(expression),
            }
        }
    }

    fn expression(&mut self, expression: &Expression<&'a str>) {
        match expression {
            Expression::Inline(inline) => self.inline(inline),
            Expression::Select { selector, variants } => {
                self.inline(selector);
                for variant in variants {
                    self.pattern(&variant.value);
                }
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&'a str>) {
        match inline {
            InlineExpression::VariableReference { id } => drop(self.arguments.insert(id.name)),
            InlineExpression::Placeable { expression } => self.expression(expression),
            InlineExpression::FunctionReference { id, .. }
            | InlineExpression::TermReference { id, .. }
            | InlineExpression::MessageReference { id, .. } => self.references.push(id.name),
            InlineExpression::StringLiteral { value } => self.literals.push(unescape_unicode_to_string(value)),
            InlineExpression::NumberLiteral { .. } => {}
        }
    }
}

/// The line of a byte of a text, from 1.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).matches('\n').count() + 1
}

/// The line where a message is defined, from 1.
pub(super) fn line_of_message(text: &str, id: &str) -> usize {
    let is_begin = |at: usize| at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n');
    let is_whole = |at: usize| text.get(at + id.len()..).is_some_and(|rest| rest.trim_start().starts_with('='));
    let mut places = text.match_indices(id).map(|(at, _)| at);
    places.find(|at| is_begin(*at) && is_whole(*at)).map_or(1, |at| line_of(text, at))
}
