//! `floorwatch kiosk`: the board for a large screen that nobody touches.

use crate::clock::{Span, duration};
use crate::config::Config;
use crate::ui::kiosk::KioskPage;
use crate::ui::theme::Palette;

const PAGES: [&str; 4] = ["now", "queues", "agents", "today"];

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Args {
    /// How long each page is shown [default: as configured, else 20s]
    #[arg(long, value_name = "TIME", value_parser = rotate)]
    pub rotate: Option<Span>,
    /// The pages, separated by commas [default: as configured, else all]
    #[arg(long, value_delimiter = ',', value_parser = super::words(&PAGES, KioskPage::parse))]
    pub pages: Option<Vec<KioskPage>>,
}

impl Args {
    /// The configuration with the arguments applied. `has_theme` says that the command line names a theme.
    #[must_use]
    pub fn settings(&self, mut config: Config, has_theme: bool) -> Config {
        let kiosk = &mut config.ui.kiosk;
        kiosk.only = true;
        kiosk.rotate = self.rotate.unwrap_or(kiosk.rotate);
        if let Some(pages) = &self.pages {
            kiosk.pages.clone_from(pages);
        }
        config.ui.mouse = false;
        // A wall has no user whose colours would be honoured.
        if !has_theme && config.ui.theme == Palette::Auto {
            config.ui.theme = Palette::Dark;
        }
        config
    }
}

fn rotate(text: &str) -> Result<Span, String> {
    let span = duration::parse(text).map_err(|error| error.to_string())?;
    if KioskPage::is_readable(span) { Ok(span) } else { Err(KioskPage::TOO_SHORT.to_owned()) }
}
