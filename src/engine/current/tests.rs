//! What is kept of the current state is what a count of everything gives.

use proptest::prelude::*;

use super::*;
use crate::clock::Span;
use crate::engine::groups::ResolvedSlice;
use crate::engine::view_cache::ViewCache;
use crate::engine::{Settings, SourceNames};
use crate::event::{AgentProfile, Channel, Event, EventKind, Membership, Offer, Step, TransferKind};
use crate::kpi::{Answer, CATALOGUE, Dim, KpiId, Period, Query, Slice, Window};
use crate::text::Patterns;

const QUEUES: [&str; 3] = ["sales", "mail", "support"];
const AGENTS: [&str; 4] = ["ann", "bo", "cy", "di"];

/// Something that happens so many seconds after the last thing, or before it.
#[derive(Clone, Debug)]
enum Happening {
    Event(EventKind),
    Shift(i64),
    Look,
}

fn happenings() -> impl Strategy<Value = Vec<(i64, Happening)>> {
    let agent = || proptest::sample::select(&AGENTS[..]).prop_map(Label::from);
    let queue = || proptest::sample::select(&QUEUES[..]).prop_map(Label::from);
    let offer = (queue(), any::<bool>()).prop_map(|(queue, mail)| {
        let channel = if mail { Channel::Email } else { Channel::Voice };
        Step::Offered(Offer { position: Some(1), ..Offer::new(queue, channel) })
    });
    let step = prop_oneof![
        4 => offer,
        2 => agent().prop_map(|agent| Step::Ringing { agent }),
        3 => agent().prop_map(|agent| Step::Answered { agent, wait: None }),
        1 => agent().prop_map(|agent| Step::Responded { agent }),
        1 => Just(Step::Abandoned { wait: None, position: None }),
        1 => Just(Step::Completed { agent: None, ended_by: None, talk: None, hold: None }),
        1 => queue().prop_map(|queue| Step::Transferred {
            agent: None, kind: TransferKind::Blind, to_queue: Some(queue), to_agent: None, to_number: None, talk: None,
        }),
    ];
    let contact = (0..5_u8, step).prop_map(|(contact, step)| EventKind::Contact {
        contact: format!("c{contact}").as_str().into(),
        queue: None,
        step,
    });
    let reason = proptest::option::of(proptest::sample::select(vec!["lunch", "break"]).prop_map(Label::from));
    let lasts = proptest::option::of((1..200_i64).prop_map(Span::seconds));
    let state = (agent(), 0..AgentState::ALL.len(), reason, lasts).prop_map(|(agent, state, reason, lasts)| {
        EventKind::AgentState { agent, state: AgentState::ALL[state], reason, lasts }
    });
    let profile = (agent(), proptest::option::of(agent()), proptest::collection::vec(queue(), 0..3)).prop_map(
        |(agent, name, queues)| {
            EventKind::AgentProfile(AgentProfile { agent, name, queues, ..AgentProfile::default() })
        },
    );
    let limited = prop_oneof![Just(None), Just(Some(AgentState::Paused)), Just(Some(AgentState::Offline))];
    let membership = (queue(), limited).prop_map(|(queue, state)| Membership { queue, state, reason: None });
    let members = (agent(), proptest::collection::vec(membership, 0..3))
        .prop_map(|(agent, queues)| EventKind::AgentQueues { agent, queues });
    let what = prop_oneof![
        8 => contact.prop_map(Happening::Event),
        4 => state.prop_map(Happening::Event),
        1 => profile.prop_map(Happening::Event),
        1 => members.prop_map(Happening::Event),
        1 => Just(Happening::Event(EventKind::Restarted)),
        1 => (-500..500_i64).prop_map(Happening::Shift),
        4 => Just(Happening::Look),
    ];
    proptest::collection::vec((prop_oneof![9 => 0..300_i64, 1 => -100..0_i64], what), 1..120)
}

type Seen = (Rows<AgentRow>, Rows<WaitingRow>, Live, Rows<QueueRow>, Vec<(Label, Label, Option<Time>)>);

fn look(engine: &mut Engine, now: Time) -> Seen {
    let queues = engine.queues_now(now, SourceNames::ORIGINS);
    let open = engine.live_contacts(&Slice::TOTAL, &Patterns::default(), 4).into_iter();
    let open = open.map(|contact| (contact.contact, contact.outcome, contact.since)).collect();
    (engine.agents_now(now), engine.waiting_now(now), engine.total_now(now), queues, open)
}

/// All figures of windows that move on with the time.
fn ask(engine: &mut Engine, now: Time) -> Vec<Answer> {
    let windows = [Window::M15, Window::H1, Window::Interval, Window::Today];
    let groups = [vec![], vec![Dim::Queue], vec![Dim::Queue, Dim::Agent]];
    let questions = windows.into_iter().flat_map(|window| groups.clone().map(|by| (window, by)));
    let kpis: Vec<KpiId> = CATALOGUE.iter().map(|kpi| kpi.id).collect();
    let of_sums: Vec<KpiId> = kpis.iter().copied().filter(|kpi| !kpi.is_of_single_waits()).collect();
    let mut answer = |(window, by)| {
        let (of, over) = (Slice::TOTAL, Period::Window(window));
        let query = Query { of, by, over, every: None, kpis: kpis.clone(), formula: None };
        let mut whole = engine.ask(&query, now);
        let of_sums = engine.ask(&Query { kpis: of_sums.clone(), ..query }, now);
        let counted = whole.clone();
        for figures in whole.rows.iter_mut().map(|row| &mut row.figures).chain([&mut whole.total]) {
            let mut of = kpis.iter();
            figures.retain(|_| !of.next().unwrap().is_of_single_waits());
        }
        assert_eq!(whole, of_sums, "what needs no single waits is the same without them");
        counted
    };
    questions.map(&mut answer).collect()
}

proptest! {
    #[test]
    fn what_is_kept_is_what_a_count_of_everything_gives(happenings in happenings()) {
        let mut engine = Engine::new(Settings::default());
        let mut now = Time::from_unix(1_772_528_400);
        for (after, happening) in happenings {
            now = now + Span::seconds(after);
            match happening {
                Happening::Event(kind) => {
                    engine.apply(&Event { at: now, origin: "pbx".into(), id: None, kind });
                    engine.advance(now);
                }
                Happening::Shift(by) => {
                    now = now + Span::seconds(by);
                    engine.shift(Span::seconds(by), now);
                }
                Happening::Look => {
                    let kept = look(&mut engine, now);
                    let counted = engine.live_by_group(now, Some(&ResolvedSlice::TOTAL), &[Dim::Queue]);
                    let mut by_queue = engine.live_by_queue(now, None);
                    by_queue.groups.retain(|_, live| *live != Live::default());
                    prop_assert_eq!((by_queue.groups, by_queue.total), (counted.groups, counted.total));
                    for queue in QUEUES {
                        let over = Period::Range(now - Span::HOUR, now + Span::HOUR);
                        let mut list = |of: &Slice| -> Vec<(Label, Label, Time)> {
                            let found = engine.contacts(of, over, now, false, 1_000).into_iter();
                            found.map(|found| (found.contact, found.queue, found.joined)).collect()
                        };
                        let mut all = list(&Slice::TOTAL);
                        all.retain(|(_, of, _)| of.as_str() == queue);
                        prop_assert_eq!(list(&Slice::of(Dim::Queue, queue.into())), all);
                    }
                    for back in [50, 500] {
                        let start = now - Span::seconds(back);
                        engine.count_times_since(start);
                        let agents = (1..).map(AgentNo::new).zip(engine.agent_records.iter().skip(1));
                        let mut sum = AgentTimes::default();
                        for (agent, record) in agents {
                            let times = record.timeline.times(start, now);
                            prop_assert_eq!(engine.current.times_of(agent), times);
                            if times.known {
                                sum.staffed = sum.staffed + times.staffed;
                                sum.available = sum.available + times.available;
                                sum.known = true;
                            }
                        }
                        prop_assert_eq!(engine.current.times_of_all(), sum);
                    }
                    let figures = ask(&mut engine, now);
                    engine.current = CurrentState::default();
                    engine.views = ViewCache::default();
                    prop_assert_eq!(kept, look(&mut engine, now));
                    prop_assert_eq!(figures, ask(&mut engine, now));
                }
            }
        }
    }
}
