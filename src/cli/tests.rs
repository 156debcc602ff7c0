use clap::CommandFactory;

use super::*;
use crate::clock::{Span, Time};
use crate::kpi::{Dim, Every, Formula};
use crate::report::Format;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("floorwatch").chain(line.split_whitespace()))
}

fn report(line: &str) -> report::Args {
    match parse(line).unwrap().command {
        Some(Command::Report(args)) => args,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn no_argument_of_a_command_has_the_name_of_one_for_all() {
    fn look(command: &clap::Command, of_all: &[String]) {
        for inner in command.get_subcommands() {
            let taken = inner.get_arguments().find(|own| of_all.iter().any(|known| own.get_id() == known.as_str()));
            assert!(taken.is_none(), "{}: {taken:?} would be read as that of all commands", inner.get_name());
            look(inner, of_all);
        }
    }
    let command = Cli::command();
    let of_all = command.get_arguments().filter(|argument| argument.is_global_set());
    let of_all: Vec<String> = of_all.map(|argument| argument.get_id().to_string()).collect();
    assert!(of_all.contains(&"at".to_owned()));
    look(&command, &of_all);
}

#[test]
fn without_a_command_it_is_the_board() {
    let cli = parse("--utc --theme dark --ascii").unwrap();
    assert!(cli.command.is_none());
    let mut config = Config::default();
    cli.global.apply_to(&mut config).unwrap();
    assert_eq!((config.floor.calendar.zone, config.ui.theme, config.ui.ascii), (Tz::UTC, Palette::Dark, Some(true)));
}

#[test]
fn a_locked_board_takes_neither_keys_nor_the_mouse() {
    let mut config = Config::default();
    config.ui.mouse = true;
    parse("--locked").unwrap().global.apply_to(&mut config).unwrap();
    assert_eq!((config.ui.lock, config.ui.mouse), (KeyLock::All, false));
    parse("--locked=view").unwrap().global.apply_to(&mut config).unwrap();
    assert_eq!(config.ui.lock, KeyLock::View);
    assert!(parse("--locked=some").is_err());
}

#[test]
fn global_flags_stand_anywhere() {
    let cli = parse("demo --timezone Europe/Madrid --seed 7").unwrap();
    assert_eq!(cli.global.timezone, Some(Tz::Europe__Madrid));
    let near = parse("--timezone Europe/Madird").unwrap_err().to_string();
    assert!(near.contains("did you mean `Europe/Madrid`?"), "{near}");
}

#[test]
fn a_board_opens_on_the_view_that_is_named() {
    for line in ["--at queue/billing?window=1h&sort=-offered", "demo --at live"] {
        assert!(parse(line).unwrap().global.at.is_some(), "{line}");
    }
    let mut config = Config::default();
    parse("--at alerts?row=7").unwrap().global.apply_to(&mut config).unwrap();
    assert_eq!(config.ui.at.unwrap().to_string(), "alerts?row=7");
    let wrong = parse("--at queue/billing?windw=1h").unwrap_err().to_string();
    assert!(wrong.contains("`windw` is no part of a view; did you mean `window`?"), "{wrong}");
    let wrong = parse("--at queue/billing?sort=offerd").unwrap_err().to_string();
    assert!(wrong.contains("no column of this list is called `offerd`; did you mean `offered`?"), "{wrong}");
}

#[test]
fn a_report_with_everything() {
    let args = report(
        "report a b --from 2026-03-02 --to 2026-03-03 --by queue,intent --every 30m --service-level 30 \
         --formula late_abandons --short-abandon 10s --fcr-window 14d --format json --columns c.toml",
    );
    assert_eq!(args.format, Format::Json);
    let wanted = args.request(Config::default()).unwrap();
    assert_eq!(wanted.asked.by, [Dim::Queue, Dim::Intent]);
    assert_eq!(wanted.asked.every, Some(Every::Minutes(30)));
    assert_eq!(wanted.asked.to.unwrap() - wanted.asked.from.unwrap(), Span::DAY);
    assert_eq!((wanted.settings.service_level, wanted.settings.service_level_forced), (Span::seconds(30), true));
    assert_eq!(wanted.settings.rules.formula, Formula::LateAbandons);
    assert_eq!(wanted.settings.short_abandon, Span::seconds(10));
    assert_eq!(wanted.settings.rules.fcr_window, Span(14 * Span::DAY.0));
}

#[test]
fn a_report_counts_as_the_configuration_says_and_forgets_nothing() {
    let wanted = report("report queue_log").request(Config::default()).unwrap();
    assert_eq!(wanted.settings, crate::engine::Settings { keep: None, ..Default::default() });
    assert_eq!((wanted.asked.from, wanted.asked.to, wanted.asked.every), (None, None, None));
}

#[test]
fn nonsense_is_refused() {
    for line in [
        "report f --by planet",
        "report f --every 7m",
        "report f --format pdf",
        "report f --service-level soon",
        "--utc --timezone UTC",
        "demo --scenario flood",
        "replay",
        "replay f --speed 0",
        "frobnicate",
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
    }
    for line in [
        "report f --by queue,intent,agent",
        "report f --by queue,queue",
        "report f --from 2026-03-02 --to 2026-03-02",
        "report f --from soon",
    ] {
        assert_eq!(report(line).request(Config::default()).unwrap_err().exit_code(), 2, "{line}");
    }
    for line in ["report", "report --columns c.toml --from 2026-03-02"] {
        assert_eq!(report(line).report(Config::default(), Time::default()).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn the_words_of_the_command_line_are_those_of_the_tables() {
    let help = Cli::command().find_subcommand_mut("report").unwrap().render_long_help().to_string();
    let words =
        Formula::ALL.map(Formula::key).into_iter().chain(Format::ALL.map(Format::key)).chain(Dim::ALL.map(Dim::key));
    for word in words {
        assert!(help.contains(word), "{word}");
    }
}

#[test]
fn completions_and_the_manual_are_written() {
    assert!(String::from_utf8(completions::script(clap_complete::Shell::Bash)).unwrap().contains("floorwatch"));
    assert!(String::from_utf8(completions::manual().unwrap()).unwrap().contains(".TH"));
}

#[test]
fn a_named_configuration_must_be_there() {
    let global = Global { config: Some("/nowhere/config.toml".into()), ..Global::default() };
    assert!(global.configuration().is_err());
}
