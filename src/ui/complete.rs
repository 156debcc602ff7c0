//! What the text at the `:` prompt can be completed to: pages, queues, intents, teams, agents, alerts and commands.
//!
//! Names that are the text come first, then those that begin with it, then those in which a word does, then those that
//! have its letters in this order.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use crate::alert::Episode;
use crate::board::{AgentRow, Mode, QueueRow};
use crate::kpi::{Dim, Formula, Slice, Window};
use crate::language::{self, text};
use crate::text::Label;
use crate::ui::action::{ACTIONS, ActionInfo};
use crate::ui::locator::ViewLocator;
use crate::ui::prompt::{self, PromptKind, Suggestion, Suggestions};
use crate::ui::queries;
use crate::ui::state::{Location, Page, Panel};
use crate::ui::theme::Palette;
use crate::ui::view::{Ctx, episode};

/// The most suggestions.
const MAX_SUGGESTIONS: usize = 8;
/// Texts of fewer letters are only looked for at the beginnings of words: anything has one letter.
const MIN_SCATTERED: usize = 2;

/// How well a name fits a text, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// It is the text.
    Whole,
    /// It begins with it.
    Start,
    /// A word in it does.
    Word,
    /// It has the letters in this order.
    Scattered,
}

/// What can be gone to or done. Of names that fit as well, the kinds come in this order.
enum Target<'a> {
    Page(&'static str, Page),
    Queue(&'a QueueRow),
    Intent(&'a Label),
    Team(Label),
    Agent(&'a AgentRow),
    Alert(&'a Episode),
    Action(&'static ActionInfo),
    View(&'a str),
    Setting,
}

struct Candidate<'a> {
    name: Cow<'a, str>,
    target: Target<'a>,
}

/// The text that names are compared with, and room to do so: there are tens of thousands of agents, and a key must not wait
/// for an allocation for each.
struct SoughtText {
    /// In lower case.
    chars: Vec<char>,
    /// The same as bytes; `None` where it is not ASCII.
    bytes: Option<Vec<u8>>,
    name_chars: Vec<char>,
    name_bytes: Vec<u8>,
}

impl SoughtText {
    fn new(text: &str) -> Self {
        let bytes = text.is_ascii().then(|| text.to_ascii_lowercase().into_bytes());
        Self { chars: lower(text).collect(), bytes, name_chars: Vec::new(), name_bytes: Vec::new() }
    }

    /// How well a name fits; `None` where it does not, or may not be closer than what is close enough already.
    fn closeness(&mut self, name: &str, enough: Option<Closeness>) -> Option<Closeness> {
        let Self { chars, bytes, name_chars, name_bytes } = self;
        // Most names are ASCII.
        if let Some(bytes) = bytes.as_ref().filter(|_| name.is_ascii()) {
            let begins = || name.as_bytes().get(..bytes.len()).is_some_and(|start| start.eq_ignore_ascii_case(bytes));
            let may_be_closer = match enough {
                Some(Closeness::Whole) => false,
                Some(Closeness::Start) => name.len() == bytes.len() && begins(),
                Some(Closeness::Word) => begins(),
                Some(Closeness::Scattered) | None => true,
            };
            if !may_be_closer {
                return None;
            }
            name_bytes.clear();
            name_bytes.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
            return Closeness::of(name_bytes, bytes, u8::is_ascii_alphanumeric);
        }
        name_chars.clear();
        name_chars.extend(lower(name));
        Closeness::of(name_chars, chars, |c| c.is_alphanumeric())
    }
}

impl Closeness {
    /// How well a name fits a text, both in lower case; `None` where it does not.
    fn of<L: PartialEq>(letters: &[L], text: &[L], is_of_word: impl Fn(&L) -> bool) -> Option<Self> {
        if letters.starts_with(text) {
            return Some(if letters.len() == text.len() { Self::Whole } else { Self::Start });
        }
        // A word that begins with the text has its letters as well.
        let mut wanted = text.iter().peekable();
        for letter in letters {
            wanted.next_if_eq(&letter);
        }
        if wanted.peek().is_some() {
            return None;
        }
        let pairs = letters.windows(2).zip(1..);
        let mut starts = pairs.filter(|(pair, _)| pair.first().is_some_and(|letter| !is_of_word(letter)));
        if starts.any(|(_, at)| letters.get(at..).is_some_and(|word| word.starts_with(text))) {
            return Some(Self::Word);
        }
        (text.len() >= MIN_SCATTERED).then_some(Self::Scattered)
    }
}

/// The letters of a text in lower case.
fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

impl<'a> Candidate<'a> {
    fn new(name: impl Into<Cow<'a, str>>, target: Target<'a>) -> Self {
        Self { name: name.into(), target }
    }

    /// The id that its system knows it by, where that may be another name of it.
    fn id(&self) -> Option<&'a Label> {
        match self.target {
            Target::Queue(QueueRow { id, .. }) | Target::Agent(AgentRow { id, .. }) => Some(id),
            _ => None,
        }
    }

    fn suggestion(self, ctx: Ctx<'_>) -> Suggestion {
        let view = |page, slice| ViewLocator::of(Location::new(page, slice));
        let (kind, about, line) = match self.target {
            Target::Page(key, page) => (text!("kind-page"), key.to_owned(), page.key().to_owned()),
            Target::Queue(queue) => {
                let waiting = text!("queue-waiting", count = queue.live.waiting);
                (
                    language::dim(Dim::Queue),
                    waiting,
                    view(Page::Queue, Slice::of(Dim::Queue, queue.id.clone())).to_string(),
                )
            }
            Target::Intent(intent) => (
                language::dim(Dim::Intent),
                String::new(),
                view(Page::Intents, Slice::TOTAL).row(intent.clone()).to_string(),
            ),
            Target::Team(team) => {
                (language::dim(Dim::Team), String::new(), view(Page::Agents, Slice::of(Dim::Team, team)).to_string())
            }
            Target::Agent(agent) => {
                let of = Slice::of(Dim::Agent, agent.id.clone());
                (language::dim(Dim::Agent), agent.team.to_string(), view(Page::Agent, of).to_string())
            }
            Target::Alert(alert) => {
                let focus = if episode::is_held(alert) { Panel::Held } else { Panel::Active };
                let list = Location { focus, ..Location::new(Page::Alerts, Slice::TOTAL) };
                let line = ViewLocator::of(list).row(Label::new(&alert.id.to_string())).to_string();
                (text!("kind-alert"), language::keyed("alert-state", alert.state.key()).to_owned(), line)
            }
            Target::Action(entry) => {
                let key = ctx.keymap.key(entry.action).map_or_else(String::new, |key| text!("kind-key", key = key));
                (text!("kind-command"), key, entry.name.to_owned())
            }
            Target::View(line) => (text!("kind-view"), String::new(), line.to_owned()),
            Target::Setting => (text!("kind-command"), String::new(), self.name.clone().into_owned()),
        };
        Suggestion { name: self.name.into_owned(), kind, about, line }
    }
}

/// The names that fit best so far, the best first. Of names that fit as well, the first ones are kept.
struct BestFits<'a> {
    text: SoughtText,
    list: Vec<(Closeness, Candidate<'a>)>,
}

impl<'a> BestFits<'a> {
    /// Take in what has a name, or an id, that fits so well. What does not get in is not made.
    fn offer(&mut self, name: &str, id: Option<&Label>, candidate: impl FnOnce() -> Option<Candidate<'a>>) {
        let enough = self.list.get(MAX_SUGGESTIONS - 1).map(|(worst, _)| *worst);
        let own = self.text.closeness(name, enough);
        let id = id.filter(|id| id.as_str() != name).and_then(|id| self.text.closeness(id.as_str(), enough));
        let Some(closeness) = own.into_iter().chain(id).min() else { return };
        let at = self.list.partition_point(|(other, _)| *other <= closeness);
        if at < MAX_SUGGESTIONS
            && let Some(candidate) = candidate()
        {
            self.list.truncate(MAX_SUGGESTIONS - 1);
            self.list.insert(at, (closeness, candidate));
        }
    }

    fn offer_all(&mut self, candidates: impl Iterator<Item = Candidate<'a>>) {
        for candidate in candidates {
            self.offer(&candidate.name.clone(), candidate.id(), || Some(candidate));
        }
    }
}

/// What fits best of everything that has a name.
fn best_fits<'a>(ctx: Ctx<'a>, text: &str) -> Vec<(Closeness, Candidate<'a>)> {
    let board = ctx.board;
    let mut best = BestFits { text: SoughtText::new(text), list: Vec::new() };
    let views = ctx.ui.views.iter().map(|(name, line)| Candidate::new(name.as_str(), Target::View(line)));
    best.offer_all(views);
    let pages = Page::NUMBERED.map(|(key, page)| Candidate::new(page.name(), Target::Page(key, page)));
    let contacts = Candidate::new(Page::Contacts.name(), Target::Page("", Page::Contacts));
    best.offer_all(pages.into_iter().chain([contacts]));
    best.offer_all(board.queues.iter().map(|queue| Candidate::new(queue.name.as_str(), Target::Queue(queue))));
    let intents = ctx.answers.figures(queries::known_intents(ctx.ui));
    let intents =
        intents.into_iter().flat_map(|figures| &figures.answer.rows).filter_map(|row| row.key.get(Dim::Intent));
    let intents = intents.filter(|intent| !intent.is_empty());
    best.offer_all(intents.map(|intent| Candidate::new(intent.as_str(), Target::Intent(intent))));
    let agents = ctx.ui.kept.agents(board);
    for (team, _) in agents.teams().into_iter().filter(|(team, _)| !team.is_empty()) {
        best.offer(team.as_str(), None, || Some(Candidate::new(team.to_string(), Target::Team(team.clone()))));
    }
    for ((name, id), place) in agents.names().iter().zip(agents.ids().iter()).zip(0..) {
        let agent = || board.agents.get(place).map(|agent| Candidate::new(agent.name.as_str(), Target::Agent(agent)));
        best.offer(name.as_str(), Some(id), agent);
    }
    let mut name = String::new();
    for alert in board.alerts.iter().filter(|alert| alert.is_active() && alert.inhibited_by.is_none()) {
        name.clear();
        episode::write_name(ctx, alert, &mut name);
        best.offer(&name, None, || Some(Candidate::new(name.clone(), Target::Alert(alert))));
    }
    let actions = ACTIONS.iter().filter(|entry| !Page::ALL.iter().any(|page| page.key() == entry.name));
    best.offer_all(actions.map(|entry| Candidate::new(entry.name, Target::Action(entry))));
    let settings = Window::ALL.map(|window| format!("window {}", window.key())).into_iter();
    let settings = settings.chain(Palette::named(&ctx.ui.themes).map(|(name, _)| format!("theme {name}")));
    let settings = settings.chain(Formula::ALL.map(|formula| format!("formula {}", formula.key())));
    let settings = settings.chain(["annotate", "save"].map(str::to_owned));
    // What only a replay, a simulated floor or saved views make possible.
    let more: &[&str] = match board.mode {
        Mode::Live => &[],
        Mode::Simulated { .. } => &["speed"],
        Mode::Replay { .. } => &["seek", "speed"],
    };
    let settings = settings.chain(more.iter().map(|word| (*word).to_owned()));
    let settings = settings.chain(ctx.ui.views.keys().map(|name| format!("view {name}")));
    let settings = settings.chain(ctx.ui.views.keys().map(|name| format!("forget {name}")));
    best.offer_all(settings.map(|line| Candidate::new(line, Target::Setting)));
    best.list
}

/// The suggestions for the text of the command that is being typed, if they are not made yet. They stay as they are while the
/// text does, so that Enter takes what was seen.
#[must_use]
pub fn suggestions(ctx: Ctx<'_>) -> Option<Suggestions> {
    let prompt = ctx.ui.prompt.as_ref().filter(|prompt| prompt.kind == PromptKind::Command)?;
    let text = prompt.input.value().trim_start();
    let mut hasher = FxHasher::default();
    (text, ctx.answers.figures(queries::known_intents(ctx.ui)).is_some(), &ctx.ui.views).hash(&mut hasher);
    let made_of = hasher.finish().max(1);
    if prompt.suggestions.made_of == made_of {
        return None;
    }
    let fitting = best_fits(ctx, text);
    let list: Vec<Suggestion> = fitting.into_iter().map(|(_, candidate)| candidate.suggestion(ctx)).collect();
    let known = prompt::read(text, ctx.board.at, &ctx.board.calendar).is_ok()
        || ctx.ui.views.contains_key(text)
        || ViewLocator::parse(text).is_ok();
    let chosen = (!list.is_empty() && !known && !text.is_empty()).then_some(0);
    Some(Suggestions { list, chosen, made_of })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How well a name fits, as [`Closeness`] says it.
    fn plainly(name: &str, text: &str) -> Option<Closeness> {
        let words = |c: char| !c.is_alphanumeric();
        let mut letters = name.chars();
        if name == text {
            Some(Closeness::Whole)
        } else if name.starts_with(text) {
            Some(Closeness::Start)
        } else if name
            .match_indices(words)
            .any(|(at, c)| name.get(at + c.len()..).is_some_and(|rest| rest.starts_with(text)))
        {
            Some(Closeness::Word)
        } else {
            let long = text.chars().count() >= MIN_SCATTERED;
            (long && text.chars().all(|c| letters.any(|letter| letter == c))).then_some(Closeness::Scattered)
        }
    }

    proptest! {
        #[test]
        fn a_name_fits_a_text_whatever_fits_already(name in "[abä -]{0,8}", text in "[abä -]{1,3}") {
            let fits = plainly(&name, &text);
            let mut sought = SoughtText::new(&text.to_uppercase());
            for enough in [Closeness::Whole, Closeness::Start, Closeness::Word, Closeness::Scattered].map(Some).into_iter().chain([None]) {
                let closer = |closeness: &Closeness| enough.is_none_or(|enough| *closeness < enough);
                let found = sought.closeness(&name, enough).filter(closer);
                prop_assert_eq!(found, fits.filter(closer));
            }
        }
    }
}
