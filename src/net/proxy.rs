//! A way through the proxy of the environment (`HTTPS_PROXY`, `NO_PROXY` …) for what is no HTTP request: a tunnel by CONNECT.

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::net::Fault;
use crate::net::tcp::{self, CONNECT_TIMEOUT, NetStream};
use crate::net::tls::Tls;

/// The longest head of an answer to CONNECT.
const MAX_HEAD_BYTES: usize = 8 * 1024;

/// A proxy that makes tunnels.
pub(crate) struct TunnelProxy {
    /// `host:port`.
    address: String,
    /// Whether it is spoken to by TLS.
    is_secure: bool,
    authorization: Option<HeaderValue>,
}

impl TunnelProxy {
    /// The proxy by which HTTPS requests to `target` (`host:port`) go; `None` where they go straight there.
    ///
    /// # Errors
    /// If that proxy makes no tunnels.
    pub(crate) fn of_environment(target: &str) -> Result<Option<Self>, Fault> {
        Self::find(&Matcher::from_system(), target)
    }

    fn find(proxies: &Matcher, target: &str) -> Result<Option<Self>, Fault> {
        let is_local = tcp::split(target).is_some_and(|(host, _)| tcp::is_loopback(host));
        let Ok(uri) = format!("https://{target}/").parse::<Uri>() else { return Ok(None) };
        let Some(found) = proxies.intercept(&uri).filter(|_| !is_local) else { return Ok(None) };
        let (uri, scheme) = (found.uri(), found.uri().scheme_str().unwrap_or_default());
        if !matches!(scheme, "http" | "https") {
            return Err(Fault::needs_change(format!(
                "the proxy speaks {scheme}, and only one of http:// or https:// makes a tunnel to {target}"
            )));
        }
        let is_secure = scheme == "https";
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let address = format!("{}:{port}", uri.host().unwrap_or_default());
        Ok(Some(Self { address, is_secure, authorization: found.basic_auth().cloned() }))
    }

    /// A connection through the proxy to `target` (`host:port`). `tls` says which certificates are trusted, that of the proxy too.
    pub(crate) async fn tunnel(&self, target: &str, tls: &Tls) -> Result<Box<dyn NetStream>, Fault> {
        let of_proxy = |fault: Fault| Fault { reason: format!("the proxy: {}", fault.reason), ..fault };
        let mut stream = tcp::connect(&self.address, self.is_secure.then_some(tls)).await.map_err(of_proxy)?;
        let head = timeout(CONNECT_TIMEOUT, self.ask(&mut stream, target)).await;
        let head = head.map_err(|_| Fault::transient(format!("the proxy {} does not answer", self.address)))?;
        let head = head.map_err(|error| of_proxy(tcp::explain(&error, &self.address)))?;
        let said = head.lines().next().unwrap_or_default().trim();
        let status = said.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
        match status {
            Some(status) if status.starts_with('2') => Ok(stream),
            Some("407") => Err(Fault::needs_change(format!(
                "the proxy {} wants to know who we are: write user and password into its address (HTTPS_PROXY)",
                self.address
            ))),
            _ => Err(Fault::transient(format!("the proxy {} makes no tunnel to {target} ({said})", self.address))),
        }
    }

    /// Ask for a tunnel; returns the head of the answer, as far as it is read.
    async fn ask(&self, stream: &mut Box<dyn NetStream>, target: &str) -> std::io::Result<String> {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend([b"Proxy-Authorization: ", authorization.as_bytes(), b"\r\n"].concat());
        }
        request.extend(b"\r\n");
        stream.write_all(&request).await?;
        stream.flush().await?;
        let mut head = Vec::new();
        // What follows the head comes through the tunnel already, so that it must not be read here.
        while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD_BYTES {
            head.push(stream.read_u8().await?);
        }
        Ok(String::from_utf8_lossy(&head).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A proxy on loopback that answers `head` and sends what it was asked through the tunnel.
    async fn proxy(head: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).await.unwrap();
            stream.write_all(&[head.as_bytes(), &asked[..length]].concat()).await.unwrap();
        });
        format!("http://ann:pass%20word@{address}")
    }

    async fn through(head: &'static str) -> Result<String, String> {
        let proxies = Matcher::builder().all(proxy(head).await).no("inside.example.com").build();
        assert!(TunnelProxy::find(&proxies, "inside.example.com:443").unwrap().is_none());
        assert!(TunnelProxy::find(&proxies, "127.0.0.1:443").unwrap().is_none());
        let proxy = TunnelProxy::find(&proxies, "streaming.example.com:443").unwrap().unwrap();
        let mut stream =
            proxy.tunnel("streaming.example.com:443", &Tls::default()).await.map_err(|fault| fault.reason)?;
        let mut came = String::new();
        stream.read_to_string(&mut came).await.unwrap();
        Ok(came)
    }

    #[tokio::test]
    async fn a_tunnel_goes_through_the_proxy_with_its_account() {
        let came = through("HTTP/1.1 200 Connection established\r\nVia: squid\r\n\r\n").await.unwrap();
        assert!(came.starts_with("CONNECT streaming.example.com:443 HTTP/1.1\r\nHost: streaming.example.com:443\r\n"));
        assert!(came.contains("Proxy-Authorization: Basic YW5uOnBhc3Mgd29yZA==\r\n"), "{came}");
    }

    #[tokio::test]
    async fn a_proxy_that_makes_no_tunnel_is_named_with_its_words() {
        let wrong = |said: Result<String, String>| said.unwrap_err();
        assert!(wrong(through("HTTP/1.1 407 Authenticate\r\n\r\n").await).contains("wants to know who we are"));
        let said = wrong(through("HTTP/1.0 403 Forbidden\r\n\r\n").await);
        assert!(said.contains("no tunnel to streaming.example.com:443 (HTTP/1.0 403 Forbidden)"), "{said}");
        assert!(wrong(through("SSH-2.0-OpenSSH\r\n").await).contains("the proxy"));
        let socks = Matcher::builder().all("socks5://127.0.0.1:1080").build();
        let said = TunnelProxy::find(&socks, "streaming.example.com:443").err().unwrap().reason;
        assert!(said.contains("the proxy speaks socks5"), "{said}");
    }
}
