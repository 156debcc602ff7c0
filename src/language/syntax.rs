//! Looks into parsed messages: which arguments they have, and where they stand in their file.

use std::collections::BTreeSet;

use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Message, Pattern, PatternElement};

/// The message of an entry; `None` for comments and the like.
pub(super) fn message<'a>(entry: &'a Entry<&'a str>) -> Option<&'a Message<&'a str>> {
    if let Entry::Message(message) = entry { Some(message) } else { None }
}

/// The names of the arguments that a text has.
pub(super) fn arguments<'a>(pattern: &Pattern<&'a str>) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    of_pattern(pattern, &mut names);
    names
}

fn of_pattern<'a>(pattern: &Pattern<&'a str>, names: &mut BTreeSet<&'a str>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            of_expression(expression, names);
        }
    }
}

fn of_expression<'a>(expression: &Expression<&'a str>, names: &mut BTreeSet<&'a str>) {
    match expression {
        Expression::Inline(inline) => of_inline(inline, names),
        Expression::Select { selector, variants } => {
            of_inline(selector, names);
            for variant in variants {
                of_pattern(&variant.value, names);
            }
        }
    }
}

fn of_inline<'a>(inline: &InlineExpression<&'a str>, names: &mut BTreeSet<&'a str>) {
    let of_call = |call: &CallArguments<&'a str>, names: &mut BTreeSet<&'a str>| {
        call.positional.iter().for_each(|argument| of_inline(argument, names));
        call.named.iter().for_each(|argument| of_inline(&argument.value, names));
    };
    match inline {
        InlineExpression::VariableReference { id } => drop(names.insert(id.name)),
        InlineExpression::Placeable { expression } => of_expression(expression, names),
        InlineExpression::FunctionReference { arguments, .. } => of_call(arguments, names),
        InlineExpression::TermReference { arguments, .. } => arguments.iter().for_each(|call| of_call(call, names)),
        InlineExpression::StringLiteral { .. }
        | InlineExpression::NumberLiteral { .. }
        | InlineExpression::MessageReference { .. } => {}
    }
}

/// The literal parts of a text.
pub(super) fn literal(pattern: &Pattern<&str>) -> String {
    let parts = pattern.elements.iter().map(|element| match element {
        PatternElement::TextElement { value } => *value,
        PatternElement::Placeable { .. } => "",
    });
    parts.collect()
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
