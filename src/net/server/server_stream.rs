//! A connection as the HTTP server sees it: it fails when its peer stops reading, and where its peer has sent
//! everything, that is hidden until the answer is written.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How long a peer may read nothing while there is something to write.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Since when a connection waits for its peer, which then loses least where it must make room.
#[derive(Debug, Default)]
pub(super) struct PeerWait(Mutex<WaitTimes>);

#[derive(Debug, Default)]
struct WaitTimes {
    /// For it to read.
    stalled: Option<Instant>,
    /// For its next request.
    idle: Option<Instant>,
    /// How large the answer is that is being sent.
    unread_bytes: usize,
}

impl PeerWait {
    /// `None` while a request is answered and the peer reads.
    pub(super) fn since(&self) -> Option<Instant> {
        let times = self.times();
        times.stalled.or(times.idle)
    }

    pub(super) fn unread_bytes(&self) -> usize {
        self.times().unread_bytes
    }

    pub(super) fn set_unread_bytes(&self, bytes: usize) {
        self.times().unread_bytes = bytes;
    }

    pub(super) fn set_stalled(&self, since: Option<Instant>) {
        self.times().stalled = since;
    }

    fn times(&self) -> MutexGuard<'_, WaitTimes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is answered, until it is dropped.
pub(super) struct Answering(Arc<PeerWait>);

impl Answering {
    pub(super) fn new(wait: &Arc<PeerWait>) -> Self {
        wait.times().idle = None;
        Self(Arc::clone(wait))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut times = self.0.times();
        (times.idle, times.unread_bytes) = (Some(Instant::now()), 0);
    }
}

/// Fails a write that makes no progress for [`WRITE_TIMEOUT`], and hides the end of what is read while a request is being
/// answered: hyper takes it for the end of the whole connection, but the peer may have closed its own half only.
pub(super) struct ServerStream<S> {
    inner: S,
    timer: Pin<Box<Sleep>>,
    /// Whether the last write had to wait.
    waiting: bool,
    /// The same for others.
    wait: Arc<PeerWait>,
    /// Whoever is answering a request holds a clone.
    answering: Arc<()>,
    /// Whom to wake when a hidden end may be seen.
    hidden_from: Option<Waker>,
}

impl<S> ServerStream<S> {
    pub(super) fn new(inner: S, answering: Arc<()>, wait: Arc<PeerWait>) -> Self {
        Self { inner, timer: Box::pin(sleep(WRITE_TIMEOUT)), waiting: false, wait, answering, hidden_from: None }
    }

    fn is_answering(&self) -> bool {
        self.waiting || Arc::strong_count(&self.answering) > 1
    }

    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if std::mem::take(&mut self.waiting) {
                self.wait.set_stalled(None);
            }
            return written;
        }
        if !std::mem::replace(&mut self.waiting, true) {
            let now = Instant::now();
            self.wait.set_stalled(Some(now));
            self.timer.as_mut().reset(now + WRITE_TIMEOUT);
        }
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ServerStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buffer.remaining();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if buffer.remaining() == room && self.is_answering() {
            self.hidden_from = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ServerStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        let flushed = self.watch(context, flushed);
        if !self.is_answering()
            && let Some(reader) = self.hidden_from.take()
        {
            reader.wake();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(context);
        self.watch(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_is_left_and_one_that_reads_slowly_is_not() {
        let (ours, mut theirs) = duplex(16);
        let mut ours = ServerStream::new(ours, Arc::default(), Arc::default());
        let writing = tokio::spawn(async move { ours.write_all(&[0; 64]).await.map(|()| ours) });
        let mut buffer = [0; 16];
        for _ in 0..4 {
            tokio::time::sleep(WRITE_TIMEOUT * 9 / 10).await;
            theirs.read_exact(&mut buffer).await.unwrap();
        }
        let mut ours = writing.await.unwrap().unwrap();
        let failed = ours.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
    }
}
