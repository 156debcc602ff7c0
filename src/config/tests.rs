use super::*;
use crate::clock::Span;
use crate::event::LeftReason;
use crate::kpi::{Bands, CostRates, CountingRules, FcrMethod, Formula, KpiId, Profile, Window};
use crate::ui::theme::Palette;

fn parse(text: &str) -> Config {
    Config::parse(text, "config.toml", Ok(Tz::UTC)).unwrap_or_else(|error| panic!("{error}"))
}

fn problems(text: &str) -> Vec<String> {
    match Config::parse(text, "config.toml", Ok(Tz::UTC)) {
        Err(Error::Problems(problems)) => {
            problems.list.iter().map(|p| format!("{}:{}: {}", p.line, p.column, p.text)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The example with every commented key in force: `#key` is a key, `# prose` is prose.
fn uncommented() -> String {
    let live = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| !c.is_whitespace()) => rest.to_owned(),
        _ => line.to_owned(),
    };
    include_str!("../../config.example.toml").lines().map(|line| live(line) + "\n").collect()
}

/// The defaults, on a machine whose zone is UTC.
fn usual() -> Config {
    let mut config = Config::default();
    config.set_zone(Tz::UTC, ZoneOrigin::Machine);
    config
}

#[test]
fn an_empty_file_is_a_good_configuration() {
    assert_eq!(parse(""), usual());
    let there = Config::parse("", "config.toml", Ok(Tz::Asia__Kathmandu)).unwrap();
    assert_eq!(there.floor.calendar.zone, Tz::Asia__Kathmandu);
}

#[test]
fn the_example_as_it_stands_says_nothing_but_the_defaults() {
    assert_eq!(parse(include_str!("../../config.example.toml")), usual());
}

#[test]
fn the_example_shows_every_key_there_is() {
    let text = uncommented();
    let diagnostics = RefCell::new(Diagnostics::default());
    let (config, _) = Config::read(&text, &diagnostics, &[]);
    let diagnostics = diagnostics.into_inner();
    assert_eq!(diagnostics.mistakes, Vec::new(), "{text}");
    // The keys that every source has are shown for the first one only.
    let shown_once = ["source.prefix", "source.correct_clock"].map(str::to_owned);
    let mut absent = diagnostics.absent;
    for key in &shown_once {
        let place = absent.iter().filter(|name| *name == key).count();
        assert!(place < config.sources.len(), "{key} is missing from the example");
    }
    // The same holds for the keys that every target has.
    let shown_once_of_targets =
        ["name", "on", "severity", "queues", "rules", "board_url"].map(|key| format!("notify.{key}"));
    for key in &shown_once_of_targets {
        let place = absent.iter().filter(|name| *name == key).count();
        assert!(place < config.notify.len(), "{key} is missing from the example");
    }
    let shown_once: Vec<String> = shown_once.into_iter().chain(shown_once_of_targets).collect();
    absent.retain(|name| !shown_once.contains(name));
    assert_eq!(absent, Vec::<String>::new(), "keys missing from the example");
    assert_eq!(config.sources.len(), 15);
    let kinds: Vec<_> = config.notify.iter().map(|target| target.transport.kind().word()).collect();
    assert_eq!(kinds, crate::notify::TargetKind::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>());
    // One built-in rule is switched off, and one rule is added.
    assert_eq!(config.rules.len(), crate::alert::built_in().len());
}

#[test]
fn the_example_tells_the_defaults_truly() {
    let config = parse(&uncommented());
    let plain = Config::default();
    // A cost has no default.
    let cost = CostRates { agent_hour: 32.5, contact: 0.4 };
    assert_eq!(config.floor.rules, CountingRules { cost: Some(cost), ..plain.floor.rules });
    assert_eq!(config.floor.service_level, plain.floor.service_level);
    assert_eq!(config.floor.short_abandon, plain.floor.short_abandon);
    assert_eq!(config.floor.lateness, plain.floor.lateness);
    assert_eq!(config.floor.contact_ttl, plain.floor.contact_ttl);
    assert_eq!(config.alerts, plain.alerts);
    assert_eq!(config.journal.keep_days, plain.journal.keep_days);
    assert_eq!(config.ui.theme, plain.ui.theme);
    assert_eq!(config.ui.window, plain.ui.window);
    assert_eq!(config.ui.mouse, plain.ui.mouse);
    assert_eq!(config.ui.too_long, plain.ui.too_long);
    let of_profile = Profile::B2b.targets();
    for (id, bands) in config.floor.targets.into_iter().filter(|own| !of_profile.contains(own)) {
        assert_eq!(bands, id.def().bands, "{}", id.def().key);
    }
}

#[test]
fn a_profile_and_a_kind_of_issue_give_way_to_what_is_set() {
    let config = parse(
        "profile = 'technical'\n[targets]\nfcr = { target = 90 }\n\
         [intent.reset]\nkind = 'password'\n[intent.invoice]\nkind = 'billing'\naht_high_s = '9m'",
    );
    let targets = &config.floor.targets;
    assert_eq!(targets[&KpiId::Fcr], Bands { target: Some(90.0), ..Bands::limits(75.0, 70.0, 65.0) });
    assert_eq!(targets[&KpiId::Asa], Bands::limits(30.0, 45.0, 90.0));
    assert_eq!(config.floor.intents["reset"], Bands::between(120.0, 180.0));
    assert_eq!(config.floor.intents["invoice"], Bands::between(300.0, 540.0));
}

#[test]
fn every_section_is_read() {
    let config = parse(
        r#"
        title = "Night desk"
        timezone = "Europe/London"
        day_starts = "06:00"
        [rules]
        service_level_s = "30s"
        service_level_formula = "late_abandons"
        short_abandon_s = 10
        left_excluded = ["closed"]
        fcr_method = "disposition"
        fcr_window = "14d"
        min_samples = 20
        [targets]
        asa = { warning = 35, critical = 60 }
        [queue.sales]
        service_level_s = 15
        targets.service_level = { target = 90, warning = 85, critical = 75 }
        [intent.refund]
        aht_low_s = 120
        aht_high_s = "8m"
        [alerts]
        expiry = "30m"
        [ui]
        window = "1h"
        keys = { quit = ["q", "ctrl-c"], filter = "/" }
        [journal]
        keep_days = 90
        "#,
    );
    assert_eq!(config.title.as_str(), "Night desk");
    assert_eq!(config.floor.calendar.zone, Tz::Europe__London);
    assert_eq!(config.floor.service_level, Span::seconds(30));
    assert_eq!(config.floor.rules.formula, Formula::LateAbandons);
    assert_eq!(config.floor.rules.left_excluded, [LeftReason::Closed]);
    assert_eq!(config.floor.rules.fcr_method, FcrMethod::Disposition);
    let asa = Bands { warning: Some(35.0), critical: Some(60.0), ..Bands::NONE };
    assert_eq!(config.floor.targets, [(KpiId::Asa, asa)].into());
    assert_eq!(config.floor.queues["sales"].service_level, Some(Span::seconds(15)));
    assert_eq!(config.floor.queues["sales"].targets, [(KpiId::ServiceLevel, Bands::limits(90.0, 85.0, 75.0))].into());
    assert_eq!(config.floor.intents["refund"], Bands::between(120.0, 480.0));
    assert_eq!(config.alerts.expiry.span(), Span(30 * Span::MINUTE.0));
    assert_eq!(config.alerts.min_samples, 20);
    let rule = config.rules.iter().find(|rule| rule.kpi == Some(KpiId::Asa)).unwrap();
    assert!(!rule.own_limits, "a built-in rule goes by the board's limits, which are the floor's and the queue's");
    assert_eq!(config.ui.window, Window::H1);
    assert_eq!(config.ui.keys["quit"], ["q", "ctrl-c"]);
    assert_eq!(config.journal.keep_days, 90);
}

#[test]
fn every_mistake_is_reported_with_its_place_and_remedy() {
    let found = problems(
        "timezone = \"Europe/Lodnon\"\n\
         [rules]\n\
         fcr_windw = \"7d\"\n\
         fcr_window = \"a week\"\n\
         min_samples = \"ten\"\n\
         service_level_formula = \"ofered\"\n\
         [targts]\n\
         [targets]\n\
         assa = { warning = 5 }\n\
         waiting = { warning = 5 }\n\
         asa = { warnig = 5 }\n\
         service_level = { warning = 60 }\n\
         occupancy = { target = 80 }\n",
    );
    let expected = [
        "1:12: `timezone` can't be `Europe/Lodnon`: no time zone is called that; did you mean `Europe/London`?",
        "3:1: `rules.fcr_windw` is not a key floorwatch knows; did you mean `fcr_window`?",
        "4:14: `rules.fcr_window` is wrong: `a week` is not a length of time; write `20` (seconds), `90s`, `15m`, `1h30m` or `7d`",
        "5:15: `rules.min_samples` must be a whole number of 0 or more, not the text `ten`",
        "6:25: `rules.service_level_formula` can't be `ofered`; did you mean `offered`?",
        "7:2: `targts` is not a key floorwatch knows; did you mean `targets`?",
        "9:1: `targets.assa` is not a key floorwatch knows; did you mean `asa`?",
        "10:11: `targets.waiting` is a plain number that nothing is judged by: it takes no limits",
        "11:9: `targets.asa`: unknown field `warnig`; did you mean `warning`?",
        "12:17: `targets.service_level` is better the higher: its `critical` (70) must not be above its `warning` (60)",
        "13:13: `targets.occupancy` is judged by `low` and `high`, not by `target`, `warning` and `critical`",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn what_is_not_toml_is_said_with_its_line() {
    let found = problems("title = \"x\"\n[rules\n");
    assert!(found[0].starts_with("2:"), "{found:?}");
}

#[test]
fn hostile_names_do_not_reach_the_message() {
    let found = problems("timezone = \"\\u001b[2J\"\n");
    assert!(found[0].chars().all(|c| !c.is_control()), "{found:?}");
}

#[test]
fn one_mistake_is_one_line_and_a_missing_file_is_named() {
    let one = Config::parse("titel = 1\n", "my.toml", Ok(Tz::UTC)).unwrap_err().to_string();
    assert_eq!(one, "my.toml:1:1: `titel` is not a key floorwatch knows; did you mean `title`?");
    let missing = Config::load(Path::new("/nowhere/floorwatch.toml"), Ok(Tz::UTC)).unwrap_err();
    assert_eq!(missing.to_string(), "/nowhere/floorwatch.toml");
    assert!(std::error::Error::source(&missing).is_some());
}

#[test]
fn an_alert_that_makes_no_sense_is_named() {
    let found = problems("[[alert]]\nname = \"mine\"\nkpi = \"asa\"\nwarning = 40\ncritical = 30\n");
    assert_eq!(found, ["1:1: `alert` is wrong: alert `mine`: `critical` is not further out than `warning`"]);
    let found = problems("[[alert]]\nname = \"mine\"\nkpi = \"assa\"\n");
    assert_eq!(found, ["3:7: `alert`: no KPI is called `assa`; did you mean `asa`?"]);
    let found = problems("[[alert]]\nname = \"mine\"\nkpi = \"asa\"\nwaring = 3\n");
    assert_eq!(found, ["4:1: `alert`: unknown field `waring`; did you mean `warning`?"]);
}

#[test]
fn an_own_theme_is_another_one_with_some_colours_changed() {
    let config = parse("[ui]\ntheme = \"own\"\nown_theme = { based_on = \"light\", accent = \"#00306E\" }\n");
    let mut colours = Palette::DEFINED[1].1;
    colours.set(5, 0x0000_306e);
    assert_eq!((config.ui.theme, config.ui.themes), (Palette::Own(colours), vec![("own".to_owned(), colours)]));
    for (_, built_in) in Palette::DEFINED {
        assert_eq!(built_in.unreadable(), []);
    }
    for (table, says) in [
        ("theme = \"own\"", "2:9: `ui.theme` is `own`, but there is no [ui.own_theme]"),
        ("own_theme = { text = \"red\" }", "`ui.own_theme.text` must be a colour such as `\"#63b3ed\"`"),
        ("own_theme = { text = \"#+12345\" }", "must be a colour"),
        ("own_theme.muted = \"#444444\"", "2:19: `ui.own_theme.muted` has a contrast of 1.9 to background (#101419)"),
        (
            "own_theme.critical = \"#ff8888\"",
            "to the white ink on it (#ffffff): at least 4.5 is needed, so make it darker",
        ),
        ("theme = \"drak\"", "2:9: `ui.theme` is wrong: no theme is called `drak`: auto, dark, light"),
        ("own_theme.based_on = \"terminal\"", "`ui.own_theme.based_on`"),
        ("own_theme.inc = \"#444444\"", "is not a key"),
    ] {
        let found = problems(&format!("[ui]\n{table}\n"));
        assert!(found[0].contains(says), "{table}: {found:?}");
    }
}

#[test]
fn keys_that_cannot_be_are_named() {
    let found = problems("[ui.keys]\nqit = \"x\"\n");
    assert!(found[0].contains("no action is called `qit`; did you mean `quit`?"), "{found:?}");
}

#[test]
fn who_cannot_be_told_is_named() {
    for (table, says) in [
        ("kind = \"slak\"", "did you mean `slack`?"),
        ("name = \"x\"", "`notify.kind` is missing: it is one of slack, teams,"),
        ("kind = \"slack\"\nurl = \"https://hooks.slack.com/services/T/B/x\"", "doesn't stand in the configuration"),
        ("kind = \"slack\"\nurl = { env = \"X\" }\non = []", "would never be told anything"),
        ("kind = \"slack\"\nurl = { env = \"X\" }\non = [\"fireing\"]", "did you mean `firing`?"),
        ("kind = \"slack\"\nurl = { env = \"X\" }\nseverity = \"crit\"", "did you mean `critical`?"),
        ("kind = \"slack\"\nurl = { env = \"X\" }\nboard_url = \"wall\"", "that is no web address"),
        ("kind = \"pagerduty\"", "missing field `routing_key`"),
        ("kind = \"webhook\"\nurl = \"https://x\"\njson = '{\"a\": \"{titel}\"}'", "`{titel}`, which is no field"),
        ("kind = \"webhook\"\nurl = \"https://x\"\njson = '{\"a\"'", "no JSON"),
        ("kind = \"webhook\"\nurl = \"https://x\"\ntext = \"{\"", "never closed"),
        ("kind = \"webhook\"\nurl = \"https://x\"\njson = '{}'\ntext = \"x\"", "two ways to write one body"),
        ("kind = \"webhook\"\nurl = { env = \"X\", file = \"y\" }", "lies in one place"),
        ("kind = \"webhook\"\nurl = \"https://x\"\nheaders = { \"a b\" = \"c\" }", "can't be a header"),
        ("kind = \"command\"\ncommand = [\"siren\"]", "whole path"),
        ("kind = \"command\"\ncommand = []", "is empty"),
        ("kind = \"alertmanager\"\nurl = \"https://x\"\non = [\"firing\"]", "can't be chosen"),
        ("kind = \"slack\"\nurl = { env = \"X\" }\nuser = \"x\"", "unknown field"),
    ] {
        let found = problems(&format!("[[notify]]\n{table}\n"));
        assert!(found.iter().any(|text| text.contains(says)), "{table}: {found:?}");
    }
    let twice = "[[notify]]\nkind = \"slack\"\nurl = { env = \"X\" }\n".repeat(2);
    assert!(problems(&twice)[0].contains("another target is called `slack` as well"));
}

#[test]
fn themes_are_files_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let load = || Config::load(&folder.path().join("config.toml"), Ok(Tz::UTC));
    std::fs::create_dir(folder.path().join("themes")).unwrap();
    write("themes/paper.toml", "based_on = \"light\"\naccent = \"#00306e\"\n");
    write("themes/broken.toml", "based_on = \"dark\"\n\nmuted = \"#444444\"\n");
    write("config.toml", "[ui]\ntheme = \"paper\"\n");
    let config = load().unwrap();
    let mut colours = Palette::DEFINED[1].1;
    colours.set(5, 0x0000_306e);
    assert_eq!(config.ui.theme, Palette::Own(colours));
    assert_eq!(config.ui.themes, [("paper".to_owned(), colours)]);
    // One that is not in use is left out, and said.
    let [remark] = &config.remarks()[..] else { panic!("{:?}", config.remarks()) };
    assert!(remark.contains("themes/broken.toml:3: `muted` has a contrast of 1.9"), "{remark}");
    write("config.toml", "[ui]\ntheme = \"broken\"\n");
    let error = load().unwrap_err().to_string();
    assert!(
        error.contains("config.toml:2:9: `ui.theme` can't be used: ") && error.contains("broken.toml:3: "),
        "{error}"
    );
    for (text, says) in [
        ("", "x.toml:1: a theme needs at least one colour"),
        ("acent = \"#123456\"", "x.toml:1: `acent` is not a key floorwatch knows; did you mean `accent`?"),
        ("accent = ", "x.toml:1: "),
    ] {
        let error = super::themes::parse(text, "x.toml").unwrap_err().in_one_line();
        assert!(error.starts_with(says), "{text}: {error}");
    }
}

#[test]
fn a_theme_is_readable_in_256_colours_too() {
    // On a selected row (#233143) it has 4.6 in 24 bits; where there are 256 colours, others stand in place of both.
    let error = super::themes::parse("muted = \"#9098b8\"", "x.toml").unwrap_err().in_one_line();
    assert_eq!(
        error,
        "x.toml:1: `muted` has a contrast of 3.8 to selection where there are 256 colours (#8787af on #303030): at least 4.5 is needed, so make it lighter"
    );
}
