//! The evaluator: every rule at work, and the episodes that result. Pure: figures, source states and the time come in
//! as arguments; changed episodes are returned.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::episodes::Episodes;
use super::inhibit::Inhibitors;
use super::order::rank;
use super::rule::Rule;
use super::sources::SourceWatch;
use super::watch::{Evaluation, FigurePosition, Watch};
use super::{
    AlertAction, AlertCommand, Alerts, CommandRefusal, Episode, EvaluationContext, Settings, SourceState, commands,
};
use crate::clock::{Span, Time};
use crate::kpi::{Answer, Calendar, Dim, Formula, KpiId, Period, Query, RowDraft, Slice, Window};
use crate::text::{Label, Text};

/// Every rule at work.
///
/// For an evaluation, ask the engine for the rows of [`Evaluator::queries`] that are [needed](Evaluator::needed), pass the
/// answers to [`Evaluator::evaluate`], and journal the episodes that it returns. The same goes for the episode that
/// [`Evaluator::execute`] returns.
#[derive(Debug)]
pub struct Evaluator {
    watches: Vec<Watch>,
    /// Index into `watches` by the rule's name.
    by_name: FxHashMap<Label, usize>,
    queries: Vec<Query>,
    sources: Vec<SourceWatch>,
    settings: Settings,
    calendar: Calendar,
    episodes: Episodes,
    /// What [`Self::active`] returned last; empty where an episode may have changed since.
    active: OnceLock<Alerts>,
    /// Restored episodes whose rule no longer exists: the next evaluation resolves them.
    orphans: Vec<u64>,
    /// Restored episodes with an acknowledgement or snooze from before the restart.
    restored_mutes: FxHashSet<u64>,
    /// Before this time firing alerts hold, because the clock is behind what was seen before the restart.
    behind_until: Time,
    evaluations: u64,
}

impl Evaluator {
    /// An evaluator without any episode.
    #[must_use]
    pub fn new(rules: Vec<Rule>, settings: Settings, calendar: Calendar) -> Self {
        let mut queries = Vec::new();
        let (mut watches, mut by_name, mut sources) = (Vec::new(), FxHashMap::default(), Vec::new());
        // Live figures are the same in every window, so their rules come last and join a query that is needed anyway.
        let (live, windowed): (Vec<Rule>, Vec<Rule>) = rules.into_iter().partition(Rule::is_live);
        for rule in windowed.into_iter().chain(live) {
            let Some(kpi) = rule.kpi else {
                sources.extend(SourceWatch::new(rule));
                continue;
            };
            let window = (!rule.is_live()).then_some(rule.window);
            let position_in = |queries: &mut _, window| position(queries, rule.each, window, rule.formula, kpi);
            let position = position_in(&mut queries, window);
            let baseline = rule.against.map(|window| position_in(&mut queries, Some(window)));
            by_name.insert(rule.name.clone(), watches.len());
            watches.push(Watch { rule, position, baseline, states: FxHashMap::default(), is_new: false });
        }
        Self {
            watches,
            by_name,
            queries,
            sources,
            settings,
            calendar,
            episodes: Episodes::default(),
            active: OnceLock::new(),
            orphans: Vec::new(),
            restored_mutes: FxHashSet::default(),
            behind_until: Time::default(),
            evaluations: 0,
        }
    }

    /// The queries whose answers an evaluation needs, in order.
    #[must_use]
    pub fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// Which rows of the answer to the query with this index [`Self::evaluate`] needs at `now`: those with a figure that is
    /// past a limit, or was lately. Most rows of a large floor are well, and need not be made.
    pub fn needed(&self, query: usize, now: Time) -> impl Fn(&RowDraft<'_>) -> bool {
        let of_each = || self.watches.iter().filter(|watch| watch.rule.each.is_some());
        let watches: Vec<(&Watch, bool)> = of_each()
            .filter(|watch| watch.position.query == query)
            .map(|watch| (watch, watch.rule.is_awake(now, &self.calendar)))
            .collect();
        // A rule with a baseline finds it by its row.
        let compares = |watch: &Watch| {
            watch.baseline.is_some_and(|baseline| [baseline.query, watch.position.query].contains(&query))
        };
        let all = of_each().any(compares);
        move |row| all || watches.iter().any(|(watch, is_awake)| watch.needs(row, *is_awake, &self.settings))
    }

    /// Continue the episodes that were active before a restart; `next_id` is the first id that is free, and `last` is the
    /// last time before the restart. While the clock is behind it, it does not show what came since, so none of them
    /// ends. Call it before the first evaluation, which returns those that have changed `now`.
    pub fn restore(&mut self, active: Vec<Episode>, next_id: u64, last: Time, now: Time) {
        self.active = OnceLock::new();
        self.episodes.reserve_ids_below(next_id);
        self.behind_until = last;
        for mut episode in active.into_iter().filter(Episode::is_active) {
            let index = self.by_name.get(&episode.rule);
            let watch = index.and_then(|index| self.watches.get_mut(*index));
            let of_sources = self.sources.iter_mut().find(|watch| *watch.name() == episode.rule);
            match (&episode.source, of_sources, watch) {
                (Some(source), Some(of_sources), _) => of_sources.resume(source, &episode),
                (None, _, Some(watch)) if watch.rule.kpi == episode.kpi => watch.resume(&episode),
                _ => self.orphans.push(episode.id),
            }
            episode.since = episode.since.min(now);
            episode.fired = episode.fired.map(|at| at.min(now));
            if commands::holder(&episode).is_some() {
                self.restored_mutes.insert(episode.id);
            }
            self.episodes.resume(episode);
        }
        self.change_mutes(|episode, _, _| commands::bring_back(episode, now));
        self.reinstate_mutes(now);
    }

    /// Judge by other rules and settings from now on. What is past a limit of a rule that stays is so since when it was, and
    /// what people have done about it holds; alerts of a rule that is gone end with the next evaluation.
    pub fn change_rules(&mut self, rules: Vec<Rule>, settings: Settings) {
        self.active = OnceLock::new();
        let new = Self::new(rules, settings, self.calendar);
        let mut watches = std::mem::replace(&mut self.watches, new.watches);
        let mut sources = std::mem::replace(&mut self.sources, new.sources);
        (self.by_name, self.queries, self.settings) = (new.by_name, new.queries, settings);
        for watch in &mut self.watches {
            if let Some(before) = watches.iter_mut().find(|before| before.judges_the_same(watch)) {
                watch.continue_from(before);
                let rule = &watch.rule;
                self.episodes.change_rule(watch.open_episodes(), |episode| {
                    (episode.window, episode.above) = (rule.window, rule.above);
                    episode.action.clone_from(&rule.action);
                });
            }
        }
        for watch in &mut self.sources {
            if let Some(before) = sources.iter_mut().find(|before| before.name() == watch.name()) {
                watch.continue_from(before);
            }
        }
        // What nobody has taken over.
        let of_rules = watches.iter().flat_map(Watch::open_episodes);
        self.orphans.extend(of_rules.chain(sources.iter().flat_map(SourceWatch::open_episodes)));
    }

    /// Judge every slice by every rule. `answers` are those to [`Evaluator::queries`], in the same order, with all rows or
    /// at least the [`needed`](Self::needed) ones. Returns the episodes to journal: those that fired, changed or resolved.
    /// Pending ones are not among them.
    pub fn evaluate(
        &mut self,
        answers: &[Answer],
        sources: &[SourceState],
        context: EvaluationContext<'_>,
        now: Time,
    ) -> Vec<Episode> {
        self.active = OnceLock::new();
        self.evaluations += 1;
        for id in std::mem::take(&mut self.orphans) {
            self.episodes.resolve(id, Some(Text::fixed("its rule is gone")), now);
        }
        let evaluation = Evaluation {
            answers,
            inhibitors: &Inhibitors::default(),
            settings: &self.settings,
            context,
            calendar: &self.calendar,
            now,
            is_behind: now < self.behind_until,
            number: self.evaluations,
        };
        for watch in &mut self.sources {
            watch.evaluate(sources, &evaluation, &mut self.episodes);
        }
        let outage = |source: &_| self.sources.iter().find_map(|watch| watch.firing_outage(source));
        let inhibitors = Inhibitors::new(sources, outage);
        let evaluation = Evaluation { inhibitors: &inhibitors, ..evaluation };
        for watch in &mut self.watches {
            watch.evaluate(&evaluation, &mut self.episodes);
        }
        let mut restored = std::mem::take(&mut self.restored_mutes);
        self.change_mutes(|episode, rule, worsening| {
            let ended = commands::expire(episode, rule, worsening, now, restored.contains(&episode.id));
            if ended {
                restored.remove(&episode.id);
            }
            ended
        });
        self.restored_mutes = restored;
        self.episodes.take_changed()
    }

    /// The same as of a time before the first evaluation, `past`: what is past its limits is assumed to have been so then. The
    /// episodes begin with the data, at `begun`.
    pub fn presume(
        &mut self,
        answers: &[Answer],
        sources: &[SourceState],
        context: EvaluationContext<'_>,
        (past, begun): (Time, Time),
    ) -> Vec<Episode> {
        let mut changed = self.evaluate(answers, sources, context, past);
        let open = self.episodes.iter_mut();
        open.chain(&mut changed).for_each(|episode| episode.move_beginning(past, begun));
        changed
    }

    /// Execute a command. The caller journals the returned episode before it reports success.
    ///
    /// # Errors
    /// Why the command was refused; nothing has changed then.
    pub fn execute(&mut self, command: &AlertCommand, now: Time) -> Result<Episode, CommandRefusal> {
        self.active = OnceLock::new();
        let episode = self.episodes.execute(command, self.settings.expiry, now)?;
        if !matches!(command.act, AlertAction::Note(_)) {
            self.restored_mutes.remove(&episode.id);
        }
        Ok(episode)
    }

    /// An episode that has not resolved, or did lately.
    #[must_use]
    pub fn episode(&self, id: u64) -> Option<&Episode> {
        self.episodes.get(id)
    }

    /// Revert a command that could not be stored: the episode was `before`, and the command made it `after`. Returns
    /// the episodes to journal.
    pub fn take_back(&mut self, before: Episode, after: &Episode, now: Time) -> Vec<Episode> {
        self.active = OnceLock::new();
        self.episodes.take_back(before, after, now);
        self.episodes.take_changed()
    }

    /// The wall clock was set forward by `by` (back if negative) and shows `now`: delays and expiries keep their length.
    /// Returns the episodes to journal.
    pub fn shift(&mut self, by: Span, now: Time) -> Vec<Episode> {
        self.active = OnceLock::new();
        let slices = self.watches.iter_mut().flat_map(|watch| watch.states.values_mut());
        slices.for_each(|state| state.shift(by));
        self.sources.iter_mut().for_each(|watch| watch.shift(by));
        self.episodes.shift(by);
        self.reinstate_mutes(now);
        self.episodes.take_changed()
    }

    /// An episode that is active or resolved lately.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<&Episode> {
        self.episodes.find(id)
    }

    /// The episodes that have not resolved, pending ones included, in the order of [`super::sort`].
    #[must_use]
    pub fn active(&self) -> Alerts {
        let sorted = || {
            let mut episodes: Vec<&Episode> = self.episodes.iter().collect();
            episodes.sort_by_cached_key(|episode| rank(episode));
            episodes.into_iter().cloned().collect()
        };
        self.active.get_or_init(sorted).clone()
    }

    /// Let acknowledgements and snoozes hold again that ended because the clock was wrong.
    fn reinstate_mutes(&mut self, now: Time) {
        let mut restored = std::mem::take(&mut self.restored_mutes);
        self.change_mutes(|episode, rule, worsening| {
            let holds = commands::reinstate(episode, rule, worsening, now);
            holds && restored.insert(episode.id)
        });
        self.restored_mutes = restored;
    }

    /// Call `change` with each active episode that is or was muted, its rule, and the worsening that breaks an
    /// acknowledgement. It returns whether it changed the episode.
    fn change_mutes(&mut self, mut change: impl FnMut(&mut Episode, Option<&Rule>, f64) -> bool) {
        let muted = |episode: &&Episode| commands::holder(episode).is_some() || episode.lapsed.is_some();
        let muted: Vec<u64> = self.episodes.iter().filter(muted).map(|episode| episode.id).collect();
        for id in muted {
            let Some(episode) = self.episodes.get_mut(id) else { continue };
            let index = self.by_name.get(&episode.rule);
            let rule = index.and_then(|index| self.watches.get(*index)).map(|watch| &watch.rule);
            if change(episode, rule, self.settings.worsening) {
                self.episodes.mark_changed(id);
            }
        }
    }
}

/// Find the position of a figure in the answers, adding a query or a column where none fits.
fn position(
    queries: &mut Vec<Query>,
    each: Option<Dim>,
    window: Option<Window>,
    formula: Option<Formula>,
    kpi: KpiId,
) -> FigurePosition {
    let fits = |query: &Query| {
        query.by.first().copied() == each
            && window.is_none_or(|window| query.over == Period::Window(window) && query.formula == formula)
    };
    let query = queries.iter().position(fits).unwrap_or_else(|| {
        queries.push(Query {
            of: Slice::TOTAL,
            by: each.into_iter().collect(),
            over: Period::Window(window.unwrap_or(Window::M15)),
            every: None,
            kpis: Vec::new(),
            formula,
        });
        queries.len() - 1
    });
    let mut column = 0;
    if let Some(query) = queries.get_mut(query) {
        column = query.kpis.iter().position(|other| *other == kpi).unwrap_or_else(|| {
            query.kpis.push(kpi);
            query.kpis.len() - 1
        });
    }
    FigurePosition { query, column }
}

#[cfg(test)]
mod tests;
