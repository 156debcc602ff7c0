use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::alert::{Actor, AlertAction, AlertCommand};
use crate::clock::Time;
use crate::hub::tests::{Scene, offered};
use crate::hub::{self, Listener, ServerConfig};
use crate::kpi::{Dim, Every, KpiId, Period, Query, Slice, Window};
use crate::source::Message;

/// A hub at a socket, which is stopped when this is dropped.
struct Served {
    scene: Scene,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn served(path: &Path) -> Served {
    let scene = Scene::new(Vec::new()).await;
    let listener = hub::socket::listen(path.to_owned(), None).unwrap();
    let stop = CancellationToken::new();
    let listeners = vec![Listener::Socket(listener)];
    let config =
        ServerConfig { handle: scene.handle.clone(), tokens: Vec::new(), event_slot: None, clock: scene.clock.clone() };
    let task = tokio::spawn(hub::serve(config, listeners, stop.clone()));
    Served { scene, stop, task }
}

fn query() -> Query {
    let of = Slice::of(Dim::Queue, "billing".into());
    let over = Period::Window(Window::Today);
    Query { of, by: Vec::new(), over, every: None, kpis: vec![KpiId::Offered], formula: None }
}

/// Wait for the first board for which `is` holds.
async fn until(handle: &Handle, is: impl Fn(&Board) -> bool) -> Arc<Board> {
    let mut boards = handle.watch();
    let found = tokio::time::timeout(Duration::from_secs(20), boards.wait_for(|board| is(board))).await;
    found.expect("in time").unwrap().clone()
}

fn is_connected(board: &Board) -> bool {
    board.hub.as_ref().is_some_and(|hub| hub.cut_off.is_none())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_sees_what_the_floor_sees_and_of_two_who_take_an_alert_one_is_told_who_was_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let Served { scene, stop, task } = served(&path).await;
    let (handle, work) = connect(HubAddress::Socket(path.clone()), "this floor".into(), Clock::System);
    tokio::spawn(work);
    let board = until(&handle, is_connected).await;
    assert_eq!((board.queues.len(), board.waiting.len()), (2, 2));
    assert_eq!(board.title.as_str(), "floor");

    // An event on the floor appears on the guest's board and in the answers that the guest gets.
    let events = vec![offered("c-3", "billing", scene.clock.now())];
    scene.to.send(Message::Events { source: 0, events, cursor: None, receipt: None }).await.unwrap();
    until(&handle, |board| board.waiting.len() == 3).await;
    let answer = handle.ask(query()).await.unwrap().unwrap();
    let own = scene.handle.ask(query()).await.unwrap().unwrap();
    assert_eq!((answer.total, answer.rows), (own.total, own.rows));

    // A refused question has its reason.
    let since_ever = Period::Range(Time::from_unix(0), scene.clock.now());
    let refused = handle.ask(Query { over: since_ever, every: Some(Every::Minutes(15)), ..query() }).await.unwrap();
    assert!(refused.unwrap_err().to_string().contains("ask for a shorter time"));

    // The caller runs as the hub's own user, so the name in the command is trusted. A refusal names who came first.
    let alert = board.alerts[0].clone();
    let who = Actor { name: "somebody else".into(), from: "elsewhere".into() };
    let act = AlertAction::Acknowledge { note: Some("on it".into()), lasts: None };
    let command = AlertCommand { episode: alert.id, version: alert.version, who, act };
    let taken = handle.execute(command.clone()).await.unwrap().unwrap();
    let name = taken.acknowledged.unwrap().who.name;
    assert_eq!(name.as_str(), "somebody else");
    assert_eq!(handle.execute(command).await.unwrap(), Err(CommandRefusal::Taken(name)));
    until(&handle, |board| board.alerts.iter().any(|episode| episode.acknowledged.is_some())).await;
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_he_sees_the_last_board_may_do_nothing_and_is_right_again_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let first = served(&path).await;
    let (handle, work) = connect(HubAddress::Socket(path.clone()), "this floor".into(), Clock::System);
    tokio::spawn(work);
    let alert = until(&handle, is_connected).await.alerts[0].clone();
    first.stop.cancel();
    first.task.await.unwrap();

    let board = until(&handle, |board| !is_connected(board)).await;
    assert_eq!(board.waiting.len(), 2, "the last board stands");
    let who = Actor { name: "ann".into(), from: "desk".into() };
    let command = AlertCommand { episode: alert.id, version: alert.version, who, act: AlertAction::Undo };
    let refused = handle.execute(command).await.unwrap().unwrap_err().to_string();
    assert!(refused.contains("cut off from the hub, nothing was done"), "{refused}");
    // A query waits for the hub to come back.
    let asking = tokio::spawn({
        let handle = handle.clone();
        async move { handle.ask(query()).await }
    });
    let old = board.at;
    until(&handle, |board| board.at > old).await;

    let second = served(&path).await;
    let events = vec![offered("c-3", "billing", second.scene.clock.now())];
    second.scene.to.send(Message::Events { source: 0, events, cursor: None, receipt: None }).await.unwrap();
    // The next attempt to connect may be a few seconds away. Once connected, everything is quick.
    let mut boards = handle.watch();
    boards.wait_for(|board| is_connected(board)).await.unwrap();
    let right = tokio::time::timeout(Duration::from_secs(1), boards.wait_for(|board| board.waiting.len() == 3)).await;
    assert!(right.is_ok(), "the screen is right within a second");
    assert_eq!(asking.await.unwrap().unwrap().unwrap().total.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hub_says_is_cleaned_before_anybody_sees_it() {
    let board = Board { title: "x".into(), at: Time(0), ..Board::default() };
    let mut value = serde_json::to_value(&board).unwrap();
    value["title"] = "\u{1b}[31mevil\u{202e}".into();
    let board: Board = serde_json::from_value(value).unwrap();
    assert!(!board.title.as_str().contains(['\u{1b}', '\u{202e}']), "{:?}", board.title);
    let mut answer = crate::kpi::Answer { total: vec![crate::kpi::Figure::unknown("none")], ..Default::default() };
    answer.rows.clear();
    let mut value = serde_json::to_value(&answer).unwrap();
    value["total"][0]["reason"] = "\u{1b}]0;evil\u{7}".into();
    let answer: crate::kpi::Answer = serde_json::from_value(value).unwrap();
    let reason = answer.total[0].reason.clone().unwrap_or_default();
    assert!(!reason.as_str().chars().any(char::is_control), "{reason:?}");
}
