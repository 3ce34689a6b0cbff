//! Which of a name's addresses is connected to: they are tried one beside the
//! other, so that no silent one uses up the time of the rest (RFC 8305).

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::error::{Problem, Unreached};

/// How long an address is tried alone before the next one is tried beside it
/// (RFC 8305, section 5).
pub(super) const STAGGER: Duration = Duration::from_millis(250);
/// The same for an address that takes connections: a handshake of TLS takes
/// longer than a connection, above all where the server is busy.
const HANDSHAKE_STAGGER: Duration = Duration::from_secs(1);

/// The addresses that another one was tried beside because they said nothing.
/// They are tried last from then on, so that they cost the time only once.
#[derive(Debug, Clone, Default)]
pub(super) struct Silent(Arc<Mutex<BTreeSet<SocketAddr>>>);

/// An address that is being tried.
struct Attempt {
    address: SocketAddr,
    begun: Instant,
    /// Whether there is a TCP connection.
    connected: Arc<AtomicBool>,
}

impl Attempt {
    /// When the next address is tried beside this one.
    fn due(&self) -> Instant {
        let connected = self.connected.load(Ordering::Relaxed);
        self.begun
            + if connected {
                HANDSHAKE_STAGGER
            } else {
                STAGGER
            }
    }

    fn silent(&self) -> Unreached {
        let problem = if self.connected.load(Ordering::Relaxed) {
            Problem::NoHandshake
        } else {
            Problem::NoConnection
        };
        Unreached {
            address: self.address,
            problem,
        }
    }
}

/// The first connection that `open` makes to any of the addresses. What it is
/// given beside the address is set once there is a TCP connection. A handshake
/// that fails is the end: the address is there, and customers meet it, too.
pub(super) async fn first<F, A, T>(
    addresses: Vec<SocketAddr>,
    silent: &Silent,
    end: Instant,
    open: F,
) -> Result<T, Vec<Unreached>>
where
    F: Fn(SocketAddr, Arc<AtomicBool>) -> A,
    A: Future<Output = Result<T, Problem>>,
{
    let mut waiting = silent.last(interleaved(addresses));
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut opening = FuturesUnordered::new();
    let mut failed = Vec::new();
    let mut has_failed = false;
    loop {
        let newest = attempts.last();
        let is_due = newest.is_none_or(|newest| newest.due() <= Instant::now());
        if (is_due || std::mem::take(&mut has_failed))
            && let Some(address) = waiting.pop_front()
        {
            let connected = Arc::new(AtomicBool::new(false));
            let connection = open(address, Arc::clone(&connected));
            opening.push(async move { (address, connection.await) });
            attempts.push(Attempt {
                address,
                begun: Instant::now(),
                connected,
            });
        }
        let due = attempts.last().map_or(end, Attempt::due);
        tokio::select! {
            opened = opening.next() => match opened {
                Some((address, Ok(connection))) => {
                    silent.learn(address, &attempts);
                    return Ok(connection);
                }
                Some((address, Err(problem))) => {
                    attempts.retain(|attempt| attempt.address != address);
                    has_failed = true;
                    let connected = matches!(problem, Problem::Tls(_) | Problem::Handshake(_));
                    failed.push(Unreached { address, problem });
                    if connected {
                        return Err(failed);
                    }
                }
                None => return Err(failed),
            },
            () = sleep_until(due), if !waiting.is_empty() => {}
            () = sleep_until(end) => {
                failed.extend(attempts.iter().map(Attempt::silent));
                return Err(failed);
            }
        }
    }
}

/// The addresses with the families in turn, beginning with the family that the
/// resolver prefers (RFC 8305, section 4).
fn interleaved(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let preferred = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == preferred);
    let mut all = VecDeque::new();
    while let Some(address) = first.pop_front() {
        all.push_back(address);
        std::mem::swap(&mut first, &mut second);
        if first.is_empty() {
            std::mem::swap(&mut first, &mut second);
        }
    }
    all
}

impl Silent {
    /// The same addresses, those that are known to be silent behind the others.
    fn last(&self, addresses: VecDeque<SocketAddr>) -> VecDeque<SocketAddr> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (silent, mut others): (VecDeque<_>, VecDeque<_>) = addresses
            .into_iter()
            .partition(|address| known.contains(address));
        others.extend(silent);
        others
    }

    /// Remembers who said nothing while this address gave a connection.
    fn learn(&self, connected: SocketAddr, attempts: &[Attempt]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&connected);
        let now = Instant::now();
        let others = attempts
            .iter()
            .filter(|attempt| attempt.address != connected && attempt.due() <= now);
        known.extend(others.map(|attempt| attempt.address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(of: &[&str]) -> Vec<SocketAddr> {
        of.iter().map(|address| address.parse().unwrap()).collect()
    }

    /// The addresses of 127.0.0.2 say nothing; those of 127.0.0.3 refuse; what
    /// else there is gives a connection.
    async fn tried(of: &[&str], silent: &Silent) -> (Result<SocketAddr, String>, Vec<SocketAddr>) {
        let order = Mutex::new(Vec::new());
        let end = Instant::now() + Duration::from_secs(10);
        let opened = first(addresses(of), silent, end, |address, connected| {
            order.lock().unwrap().push(address);
            async move {
                match address.ip().to_string().as_str() {
                    "127.0.0.2" => std::future::pending().await,
                    "127.0.0.3" => Err(Problem::Network(
                        (&std::io::Error::from_raw_os_error(111)).into(),
                    )),
                    "127.0.0.4" => {
                        connected.store(true, Ordering::Relaxed);
                        std::future::pending().await
                    }
                    _ => Ok(address),
                }
            }
        });
        let opened = opened.await;
        let opened =
            opened.map_err(|failed| super::super::DialError::Addresses(failed).to_string());
        (opened, order.into_inner().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_address_costs_a_moment_and_only_once() {
        let all = ["127.0.0.2:1", "127.0.0.4:1", "127.0.0.1:1"];
        let silent = Silent::default();
        let begun = Instant::now();
        let (opened, order) = tried(&all, &silent).await;
        assert_eq!(opened, Ok("127.0.0.1:1".parse().unwrap()));
        assert_eq!(order, addresses(&all));
        assert_eq!(begun.elapsed().as_millis(), 1_250);
        let begun = Instant::now();
        let (opened, order) = tried(&all, &silent).await;
        assert_eq!(opened, Ok("127.0.0.1:1".parse().unwrap()));
        assert_eq!(order, addresses(&["127.0.0.1:1"]));
        assert_eq!(begun.elapsed().as_millis(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn each_address_is_named_with_what_it_said() {
        let all = ["127.0.0.2:1", "127.0.0.3:1", "127.0.0.4:1"];
        let (opened, _) = tried(&all, &Silent::default()).await;
        assert_eq!(
            opened.unwrap_err(),
            "127.0.0.3:1: connection refused; \
             127.0.0.2:1: no answer to the connection; \
             127.0.0.4:1: no answer to the TLS handshake"
        );
    }

    #[test]
    fn both_families_are_tried_in_turn() {
        let all = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"]);
        let order = addresses(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"]);
        assert_eq!(interleaved(all), order);
    }
}
