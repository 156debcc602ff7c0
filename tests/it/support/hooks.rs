//! A web server that receives notifications, answers as a test demands, and hands over what it received.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, timeout};

/// The longest time that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Status(u16),
    /// With `Retry-After`, in seconds.
    Later(u16, u64),
    /// This status after this many milliseconds.
    Slow(u16, u64),
    /// With a body.
    Text(u16, &'static str),
    /// No answer.
    Never,
}

/// A received request.
pub(crate) struct Came {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) at: Instant,
    /// It was answered with success.
    pub(crate) accepted: bool,
}

impl Came {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// The server.
pub(crate) struct Hooks {
    pub(crate) address: SocketAddr,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    usual: Arc<Mutex<Answer>>,
    came: UnboundedReceiver<Came>,
}

impl Hooks {
    pub(crate) async fn new() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub(crate) async fn at(address: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (to, came) = unbounded_channel();
        let answers: Arc<Mutex<VecDeque<Answer>>> = Arc::default();
        let usual = Arc::new(Mutex::new(Answer::Status(202)));
        let (next, otherwise) = (Arc::clone(&answers), Arc::clone(&usual));
        let app = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let answer = next.lock().unwrap().pop_front().unwrap_or(*otherwise.lock().unwrap());
            take(uri, headers, body, answer, to.clone())
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, answers, usual, came }
    }

    /// Set the next answers, which come before the default one.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// Set the default answer.
    pub(crate) fn answer_all(&self, answer: Answer) {
        *self.usual.lock().unwrap() = answer;
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Came {
        timeout(PATIENCE, self.came.recv()).await.unwrap_or_else(|_| panic!("nothing came")).unwrap()
    }

    /// What is answered with success next.
    pub(crate) async fn next_accepted(&mut self) -> Came {
        loop {
            let came = self.next().await;
            if came.accepted {
                return came;
            }
        }
    }

    /// Check that no request comes for a while.
    pub(crate) async fn nothing(&mut self) {
        let came = timeout(Duration::from_millis(400), self.came.recv()).await;
        assert!(came.is_err(), "{}", came.ok().flatten().unwrap().text);
    }
}

async fn take(uri: Uri, headers: HeaderMap, body: Bytes, answer: Answer, to: UnboundedSender<Came>) -> Response {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let accepted = matches!(answer, Answer::Status(200..300) | Answer::Slow(200..300, _));
    drop(to.send(Came { path: uri.to_string(), headers, text, at: Instant::now(), accepted }));
    let status = |code: u16| StatusCode::from_u16(code).unwrap();
    match answer {
        Answer::Status(code @ 400..) => (status(code), "no_service").into_response(),
        Answer::Status(code) => status(code).into_response(),
        Answer::Text(code, text) => (status(code), text).into_response(),
        Answer::Later(code, seconds) => (status(code), [("retry-after", seconds.to_string())]).into_response(),
        Answer::Slow(code, ms) => {
            sleep(Duration::from_millis(ms)).await;
            status(code).into_response()
        }
        Answer::Never => std::future::pending().await,
    }
}
