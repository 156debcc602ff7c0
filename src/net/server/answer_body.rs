//! The body of an answer while it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use super::server_stream::Answering;

/// How much is handed on at once.
pub(super) const PORTION_BYTES: usize = 64 * 1024;

/// A body that is handed on in portions: it, and what it holds, is there until nearly all of it is written.
pub(super) struct AnswerBody {
    pub(super) body: Body,
    /// What is left of its last part.
    pub(super) rest: Bytes,
    /// Tell that the answer is under way.
    pub(super) _held: (Option<Arc<()>>, Answering),
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let portion = self.rest.len().min(PORTION_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(portion)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.body.size_hint().exact().map(|more| more + self.rest.len() as u64);
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
