//! The pages of the screen, and the panels of each that can have the focus: their names, keys and order.
use crate::kpi::Dim;
use crate::language::{self, text};

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Page {
    Overview,
    Queue,
    Intents,
    Agents,
    Alerts,
    Contacts,
    Trends,
    Kiosk,
    Live,
    Agent,
    Worklist,
}

impl Page {
    /// The pages that have a number key, with that key.
    pub const NUMBERED: [(&'static str, Self); 8] = [
        ("1", Self::Overview),
        ("2", Self::Queue),
        ("3", Self::Intents),
        ("4", Self::Agents),
        ("5", Self::Alerts),
        ("6", Self::Trends),
        ("7", Self::Kiosk),
        ("8", Self::Live),
    ];

    /// All pages.
    pub const ALL: [Self; 11] = [
        Self::Overview,
        Self::Queue,
        Self::Intents,
        Self::Agents,
        Self::Alerts,
        Self::Contacts,
        Self::Trends,
        Self::Kiosk,
        Self::Live,
        Self::Agent,
        Self::Worklist,
    ];

    /// The name in locators.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Queue => "queue",
            Self::Intents => "intents",
            Self::Agents => "agents",
            Self::Alerts => "alerts",
            Self::Contacts => "contacts",
            Self::Trends => "trends",
            Self::Kiosk => "kiosk",
            Self::Live => "live",
            Self::Agent => "agent",
            Self::Worklist => "callback",
        }
    }

    /// What the page is about one of; `None` where it lists many.
    #[must_use]
    pub const fn subject(self) -> Option<Dim> {
        match self {
            Self::Queue => Some(Dim::Queue),
            Self::Agent => Some(Dim::Agent),
            _ => None,
        }
    }

    /// The page that lists what this one is about one of.
    #[must_use]
    pub const fn parent(self) -> Option<Self> {
        match self {
            Self::Agent => Some(Self::Agents),
            _ => None,
        }
    }

    /// Whether the page is always about the whole floor.
    #[must_use]
    pub const fn is_of_floor(self) -> bool {
        matches!(self, Self::Overview | Self::Alerts | Self::Kiosk)
    }

    /// The name in the tabs and the drill trail.
    #[must_use]
    pub fn name(self) -> &'static str {
        language::keyed("page", self.key())
    }

    /// The panels of the page that can have the focus, in the order of Tab.
    #[must_use]
    pub const fn panels(self) -> &'static [Panel] {
        match self {
            Self::Overview => &[Panel::Queues, Panel::Rail, Panel::Tiles],
            Self::Queue => &[Panel::QueueIntents, Panel::Serving, Panel::Waiting, Panel::Tiles],
            Self::Intents => &[Panel::Intents],
            Self::Agents => &[Panel::Agents],
            Self::Alerts => &[Panel::Active, Panel::Held, Panel::Past],
            Self::Contacts | Self::Agent => &[Panel::Contacts],
            Self::Trends => &[Panel::TrendSlices, Panel::Trends],
            Self::Kiosk => &[Panel::KioskQueues],
            Self::Live => &[Panel::Live],
            Self::Worklist => &[Panel::Worklist],
        }
    }
}

/// A part of a page that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Panel {
    Tiles,
    Queues,
    Rail,
    Waiting,
    Serving,
    QueueIntents,
    Intents,
    Agents,
    Active,
    Held,
    Past,
    Contacts,
    Trends,
    TrendSlices,
    KioskQueues,
    Live,
    Worklist,
}

impl Panel {
    /// The name in locators.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Tiles => "tiles",
            Self::Queues => "queues",
            Self::Rail => "rail",
            Self::Waiting => "waiting",
            Self::Serving => "serving",
            Self::QueueIntents | Self::Intents => "intents",
            Self::Agents => "agents",
            Self::Active => "active",
            Self::Held => "held",
            Self::Past => "over",
            Self::Contacts => "contacts",
            Self::Trends => "series",
            Self::TrendSlices => "slices",
            Self::KioskQueues => "kiosk",
            Self::Live => "live",
            Self::Worklist => "items",
        }
    }

    /// What Enter opens from it, for the footer; `None` where it opens nothing.
    #[must_use]
    pub fn inside(self) -> Option<&'static str> {
        match self {
            Self::Tiles => Some(text!("inside-figure")),
            Self::Queues | Self::Active | Self::Held => Some(text!("inside-it")),
            Self::Rail => Some(text!("inside-alert")),
            Self::QueueIntents | Self::Intents => Some(text!("inside-intent")),
            Self::Agents | Self::Serving => Some(text!("inside-agent")),
            Self::Live => Some(text!("inside-live")),
            Self::Waiting | Self::Trends | Self::TrendSlices => Some(text!("inside-contacts")),
            Self::Worklist => Some(text!("inside-item")),
            Self::Past | Self::Contacts | Self::KioskQueues => None,
        }
    }

    /// What its rows are, one of them.
    #[must_use]
    pub fn unmatched(self, filter: &str, key: &str) -> String {
        match self {
            Self::Tiles => text!("unmatched-figure", filter = filter, key = key),
            Self::Queues | Self::KioskQueues | Self::TrendSlices => {
                text!("unmatched-queue", filter = filter, key = key)
            }
            Self::Trends => text!("unmatched-step", filter = filter, key = key),
            Self::Rail | Self::Active | Self::Held | Self::Past => text!("unmatched-alert", filter = filter, key = key),
            Self::Serving | Self::Agents => text!("unmatched-agent", filter = filter, key = key),
            Self::QueueIntents | Self::Intents => text!("unmatched-intent", filter = filter, key = key),
            Self::Waiting | Self::Contacts | Self::Live => text!("unmatched-contact", filter = filter, key = key),
            Self::Worklist => text!("unmatched-item", filter = filter, key = key),
        }
    }
}
