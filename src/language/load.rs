//! Reads the files of a language, and checks those of the user.

use std::borrow::Cow;
use std::path::PathBuf;

use chrono::format::{Item, StrftimeItems};
use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use fluent_syntax::ast::Message;
use rustc_hash::FxHashMap;

use super::syntax::{Parts, line_of, line_of_message, message};
use super::{KpiWords, Language};
use crate::kpi::CATALOGUE;
use crate::text::is_visible;
use crate::text::suggest::{nearest, suggestion};

/// The files that are built in, by tag. One for a region holds what is written otherwise there.
pub(super) const BUILT_IN: [(&str, &str); 4] = [
    ("en", include_str!("../../assets/languages/en.ftl")),
    ("en-US", include_str!("../../assets/languages/en-US.ftl")),
    ("de", include_str!("../../assets/languages/de.ftl")),
    ("de-CH", include_str!("../../assets/languages/de-CH.ftl")),
];

/// The most bytes of a user's file.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Why there is no such language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LanguageError(String);

impl LanguageError {
    pub(super) fn unknown(tag: &str, own: &OwnFiles) -> Self {
        let near = suggestion(tag, BUILT_IN.map(|(tag, _)| tag));
        let own = own.folder.as_ref().map(|folder| folder.join(format!("{tag}.ftl")));
        let own = own.map_or_else(String::new, |file| format!("; or write it into {}", file.display()));
        Self(format!("no language is called `{tag}`{near}{own}"))
    }
}

/// The folder of the user's own files, which need not exist; `None` without a home folder.
#[derive(Clone, Debug, Default)]
pub struct OwnFiles {
    /// The folder.
    pub folder: Option<PathBuf>,
}

/// A text of a file, and which file it is.
pub(super) struct Source {
    /// `None` if it is built in.
    file: Option<PathBuf>,
    text: String,
}

impl OwnFiles {
    fn read(&self, tag: &str) -> Result<Option<Source>, LanguageError> {
        // A tag may come from the environment, and must not lead out of the folder.
        let is_tag = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let Some(file) = self.folder.as_ref().filter(|_| is_tag).map(|folder| folder.join(format!("{tag}.ftl"))) else {
            return Ok(None);
        };
        let fail = |what: &str| LanguageError(format!("{}: {what}", file.display()));
        match std::fs::metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(meta) if !meta.is_file() => return Err(fail("is no file")),
            Ok(meta) if meta.len() > MAX_FILE_BYTES => return Err(fail("is longer than 1 MiB, which no language is")),
            _ => {}
        }
        let text = std::fs::read_to_string(&file).map_err(|error| fail(&error.to_string()))?;
        Ok(Some(Source { file: Some(file), text }))
    }
}

/// The files of a tag, from the general to the particular: of `de-CH` those of `de` and its own, and after each built-in
/// one the user's.
pub(super) fn sources(tag: &str, own: &OwnFiles) -> Result<Vec<Source>, LanguageError> {
    let ends = tag.match_indices('-').map(|(end, _)| end).chain([tag.len()]);
    let mut sources = Vec::new();
    for tag in ends.filter_map(|end| tag.get(..end)) {
        let built_in = BUILT_IN.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
        sources.extend(built_in.map(|(_, text)| Source { file: None, text: (*text).to_owned() }));
        sources.extend(own.read(tag)?);
    }
    Ok(sources)
}

impl Source {
    /// The resource, or all mistakes of the file with their lines.
    fn parse(self) -> Result<FluentResource, LanguageError> {
        let (resource, errors) = match FluentResource::try_new(self.text) {
            Ok(resource) => (resource, Vec::new()),
            Err((resource, errors)) => (resource, errors),
        };
        let text = resource.source();
        let name = self.file.as_ref().map_or_else(|| "a language".to_owned(), |file| file.display().to_string());
        let mut mistakes: Vec<String> =
            errors.iter().map(|error| format!("{name}:{}: {}", line_of(text, error.pos.start), error.kind)).collect();
        let own = resource.entries().filter(|_| self.file.is_some()).filter_map(message);
        mistakes.extend(own.filter_map(|message| {
            let id = message.id.name;
            let what = mistake(&super::english().bundle, message)?;
            Some(format!("{name}:{}: `{id}` {what}", line_of_message(text, id)))
        }));
        if mistakes.is_empty() { Ok(resource) } else { Err(LanguageError(mistakes.join("\n  "))) }
    }
}

/// What is wrong with a message of a user's file; `None` if nothing is.
fn mistake(english: &FluentBundle<FluentResource>, message: &Message<&str>) -> Option<String> {
    let id = message.id.name;
    let Some(value) = &message.value else { return Some("has no text: write it after `=`".to_owned()) };
    let Parts { arguments, references, literals } = Parts::of(value);
    if let Some(name) = references.first() {
        return Some(format!("refers to `{name}`: write the text itself"));
    }
    if !literals.iter().all(|text| is_visible(text)) {
        return Some("has a line break, or a sign that cannot be seen: write it on one line, without".to_owned());
    }
    if let Some(key) = id.strip_prefix("kpi-") {
        let key = ["-short", "-word", "-formula", "-why", "-action"]
            .iter()
            .find_map(|end| key.strip_suffix(end))
            .unwrap_or(key);
        let keys = CATALOGUE.iter().map(|kpi| kpi.key);
        let known = keys.clone().any(|known| known == key);
        return (!known).then(|| format!("is of no KPI{}", suggestion(key, keys)));
    }
    let Some(original) = english.get_message(id).and_then(|message| message.value()) else {
        let (_, texts) = BUILT_IN.first()?;
        let ids = texts.lines().filter_map(|line| line.split_once(" =")).map(|(id, _)| id);
        let near = nearest(id, ids).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Some(format!("is no text of the board{near}"));
    };
    let known = Parts::of(original);
    if let Some(name) = arguments.difference(&known.arguments).next() {
        let all: Vec<String> = known.arguments.iter().map(|name| format!("${name}")).collect();
        return Some(format!(
            "has no argument ${name}; it has {}",
            if all.is_empty() { "none".to_owned() } else { all.join(", ") }
        ));
    }
    if !id.starts_with("time-") {
        return None;
    }
    let (form, original) = (literals.concat(), known.literals.concat());
    if original.contains('%') {
        let is_wrong = StrftimeItems::new(&form).any(|item| item == Item::Error);
        return is_wrong.then(|| "is no form of a time: write it as `date` takes it, such as %H:%M".to_owned());
    }
    let [has, needs] = [&form, &original].map(|words| words.split(' ').count());
    (has != needs).then(|| format!("has {has} words and needs {needs}, one blank apart"))
}

/// English, as it is built in.
pub(super) fn english() -> Language {
    // A test holds that the built-in files have no mistakes.
    Language::new("en", Vec::new(), false).unwrap_or_else(|_| Language {
        fixed: FxHashMap::default(),
        bundle: FluentBundle::new_concurrent(Vec::new()),
        kpis: Vec::new(),
        is_english: true,
        told: FxHashMap::default(),
    })
}

impl Language {
    /// The language of a tag, from its files; what they lack is English.
    pub(super) fn new(tag: &str, sources: Vec<Source>, ascii: bool) -> Result<Self, LanguageError> {
        let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().unwrap_or_default()]);
        // The marks around arguments are for text that runs both ways, and a terminal shows them.
        bundle.set_use_isolating(false);
        bundle.set_transform(ascii.then_some(spell_out as fn(&str) -> Cow<'_, str>));
        let english = BUILT_IN.first().map(|(_, text)| Source { file: None, text: (*text).to_owned() });
        // It is the first of its own files.
        let english = english.filter(|english| sources.first().is_none_or(|first| first.text != english.text));
        let mut ids: Vec<String> = Vec::new();
        for source in english.into_iter().chain(sources) {
            let resource = source.parse()?;
            ids.extend(resource.entries().filter_map(message).map(|message| message.id.name.to_owned()));
            bundle.add_resource_overriding(resource);
        }
        let fixed: FxHashMap<String, String> =
            ids.into_iter().filter_map(|id| fixed(&bundle, &id).map(|text| (id, text))).collect();
        let kpis = CATALOGUE.iter().map(|kpi| {
            let own = |end: &str| fixed.get(&format!("kpi-{}{end}", kpi.key)).cloned();
            let short = own("-short").unwrap_or_else(|| kpi.short.to_owned());
            KpiWords {
                name: own("").unwrap_or_else(|| kpi.name.to_owned()),
                word: own("-word").unwrap_or_else(|| short.clone()),
                short,
                formula: own("-formula").unwrap_or_else(|| kpi.formula.to_owned()),
                why: own("-why").unwrap_or_else(|| kpi.why.to_owned()),
                action: own("-action").unwrap_or_else(|| kpi.action.to_owned()),
            }
        });
        let kpis: Vec<KpiWords> = kpis.collect();
        let actions = CATALOGUE.iter().zip(&kpis).map(|(kpi, words)| (kpi.action.to_owned(), words.action.clone()));
        let mut told: FxHashMap<String, String> = actions.collect();
        let is_english = tag == "en" || tag.starts_with("en-");
        if !is_english {
            let sentences = super::english().fixed.iter().filter(|(id, _)| id.starts_with("told-"));
            told.extend(sentences.filter_map(|(id, english)| Some((english.clone(), fixed.get(id)?.clone()))));
        }
        Ok(Self { fixed, bundle, kpis, is_english, told })
    }

    /// Take another language's texts whose ids begin with `prefix`.
    pub(super) fn take(&mut self, other: &Self, prefix: &str) {
        let taken = other.fixed.iter().filter(|(id, _)| id.starts_with(prefix));
        self.fixed.extend(taken.map(|(id, text)| (id.clone(), text.clone())));
    }
}

/// The text of an id, if it has no arguments.
fn fixed(bundle: &FluentBundle<FluentResource>, id: &str) -> Option<String> {
    let mut errors = Vec::new();
    let text = bundle.format_pattern(bundle.get_message(id)?.value()?, None, &mut errors).into_owned();
    errors.is_empty().then_some(text)
}

/// A text in the letters of ASCII: `ü` is `ue`.
pub(super) fn spell_out(text: &str) -> Cow<'_, str> {
    let spelt = |c: char| match c {
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'Ä' => "Ae",
        'Ö' => "Oe",
        'Ü' => "Ue",
        'ß' => "ss",
        _ => "",
    };
    if !text.contains(|c| !spelt(c).is_empty()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 4);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_in_capitals = c.is_uppercase() && chars.peek().is_some_and(|next| next.is_uppercase());
        match spelt(c) {
            "" => out.push(c),
            letters if is_in_capitals => out.push_str(&letters.to_ascii_uppercase()),
            letters => out.push_str(letters),
        }
    }
    Cow::Owned(out)
}
