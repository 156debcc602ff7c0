//! `floorwatch annotate`: says what happened on a running floor, from the command line.

use super::{Error, print, times};
use crate::alert::{Actor, CommandRefusal};
use crate::annotation::{AnnotationAction, AnnotationCommand, AnnotationDraft};
use crate::app;
use crate::clock::{Clock, Time};
use crate::config::Config;
use crate::floor::{FloorCommand, Handle};
use crate::kpi::{Dim, Slice};
use crate::language;
use crate::text::suggest::nearest;
use crate::text::{Label, Text};
use crate::ui::prompt;

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Args {
    /// What happened, such as `new script`
    #[arg(required_unless_present = "remove")]
    pub text: Option<String>,
    /// When it happened or began: a time of today such as 10:30, or a date and time [default: now]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// When it ended
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// The queue that it is about [default: the whole floor]
    #[arg(long, value_name = "QUEUE")]
    pub queue: Option<String>,
    /// The intent that it is about
    #[arg(long, value_name = "INTENT")]
    pub intent: Option<String>,
    /// Remove one's own annotation with this number instead
    #[arg(long, value_name = "ID", conflicts_with_all = ["text", "from", "until", "queue", "intent"])]
    pub remove: Option<u64>,
}

impl Args {
    /// Write the annotation, or remove it, and print it.
    ///
    /// # Errors
    /// Where a time is none, no queue has that name, no floor runs, or the floor refuses the command.
    pub fn run(&self, config: &Config) -> Result<(), Error> {
        let zone = config.ui.zone.unwrap_or(config.floor.calendar.zone);
        let act = self.action(config, Clock::System.now())?;
        let said = app::query(config, |handle| execute(handle, act))??;
        let (id, at) = (said.id, language::day_minute(said.at, zone));
        let until = said.until.map_or_else(String::new, |until| format!(" to {}", language::day_minute(until, zone)));
        let of = if said.of.is_total() { String::new() } else { format!("{}: ", said.of) };
        let removed = if said.removed { " (removed)" } else { "" };
        print(format!("{id:>5}  {at}{until}  {of}{}{removed}\n", said.text).as_bytes())
    }

    fn action(&self, config: &Config, now: Time) -> Result<AnnotationAction, Error> {
        if let Some(id) = self.remove {
            return Ok(AnnotationAction::Remove(id));
        }
        let calendar = &config.floor.calendar;
        let time = |flag, text: Option<&str>| match text.and_then(|text| prompt::instant(text, now, calendar)) {
            Some(at) => Ok(Some(at)),
            None => times::instant(flag, text, calendar),
        };
        let at = time("--from", self.from.as_deref())?.unwrap_or(now);
        let until = time("--until", self.until.as_deref())?;
        let parts = [(Dim::Queue, &self.queue), (Dim::Intent, &self.intent)];
        let parts = parts.into_iter().filter_map(|(dim, name)| Some((dim, Label::new(name.as_deref()?))));
        let of = parts.fold(Slice::TOTAL, |of, (dim, name)| of.and(dim, name));
        let text = Text::new(self.text.as_deref().unwrap_or_default());
        Ok(AnnotationAction::Write(AnnotationDraft { of, at, until, text }))
    }
}

/// An annotation of a queue that there is not would stand nowhere.
fn check_queue(queue: &Label, known: &[Label]) -> Result<(), Error> {
    // Before its first event, a floor knows none.
    if known.is_empty() || known.contains(queue) {
        return Ok(());
    }
    let hint = nearest(queue.as_str(), known.iter().map(Label::as_str))
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(Error::Usage(format!("no queue is called `{queue}`{hint}")))
}

async fn execute(handle: Handle, act: AnnotationAction) -> Result<crate::annotation::Annotation, Error> {
    if let AnnotationAction::Write(draft) = &act
        && let Some(queue) = draft.of.get(Dim::Queue)
    {
        let known: Vec<Label> = handle.watch().borrow().queues.iter().map(|known| known.id.clone()).collect();
        check_queue(queue, &known)?;
    }
    // The hub fills in who it is: from the token, or from the login of the process.
    let who = Actor { name: Label::default(), from: Label::default() };
    let kept = handle.command(FloorCommand::Annotation(AnnotationCommand { who, act })).await??;
    Ok(kept.annotation().ok_or(CommandRefusal::Nothing)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_there_is_not_is_refused_with_the_nearest() {
        let known = ["billing", "sales"].map(Label::new);
        assert!(check_queue(&known[1], &known).is_ok());
        assert!(check_queue(&known[1], &[]).is_ok());
        let refusal = check_queue(&Label::new("sale"), &known).unwrap_err();
        assert_eq!(refusal.to_string(), "no queue is called `sale`; did you mean `sales`?");
    }
}
