//! Connects to the first of a name's addresses that answers: the addresses are
//! tried one beside the other, so that a silent one does not use up the time of
//! the others (RFC 8305).

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::error::{AddressError, ConnectError};

/// How long an address is tried alone before the next one is tried beside it
/// (RFC 8305, section 5).
pub(super) const STAGGER: Duration = Duration::from_millis(250);
/// The same for an address that takes connections: a handshake of TLS takes
/// longer than a connection, above all where the server is busy.
const HANDSHAKE_STAGGER: Duration = Duration::from_secs(1);

/// The addresses that were silent for so long that another one was tried beside
/// them. From then on they are tried last, so that they cost the time only once.
#[derive(Debug, Clone, Default)]
pub(super) struct SilentAddresses(Arc<Mutex<BTreeSet<SocketAddr>>>);

/// An address that is being tried.
struct AddressAttempt {
    address: SocketAddr,
    started: Instant,
    /// Whether there is a TCP connection.
    connected: Arc<AtomicBool>,
}

impl AddressAttempt {
    /// When the next address is tried beside this one.
    fn due(&self) -> Instant {
        let connected = self.connected.load(Ordering::Relaxed);
        self.started
            + if connected {
                HANDSHAKE_STAGGER
            } else {
                STAGGER
            }
    }

    /// The error of an address that was silent until the deadline.
    fn silence_error(&self) -> AddressError {
        let error = if self.connected.load(Ordering::Relaxed) {
            ConnectError::NoHandshake
        } else {
            ConnectError::NoConnection
        };
        AddressError {
            address: self.address,
            error,
        }
    }
}

/// Returns the first connection that `open` makes to any of the addresses.
/// `open` sets the flag that it is given beside the address once there is a TCP
/// connection.
///
/// # Errors
/// Each address that was tried, with its error. A handshake of TLS that fails
/// ends the race: the address answers, so customers meet it, too.
pub(super) async fn connect_first<F, A, T>(
    addresses: Vec<SocketAddr>,
    silent: &SilentAddresses,
    deadline: Instant,
    open: F,
) -> Result<T, Vec<AddressError>>
where
    F: Fn(SocketAddr, Arc<AtomicBool>) -> A,
    A: Future<Output = Result<T, ConnectError>>,
{
    let mut waiting = silent.move_last(interleave_families(addresses));
    let mut attempts: Vec<AddressAttempt> = Vec::new();
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
            attempts.push(AddressAttempt {
                address,
                started: Instant::now(),
                connected,
            });
        }
        let due = attempts.last().map_or(deadline, AddressAttempt::due);
        tokio::select! {
            opened = opening.next() => match opened {
                Some((address, Ok(connection))) => {
                    silent.learn(address, &attempts);
                    return Ok(connection);
                }
                Some((address, Err(error))) => {
                    attempts.retain(|attempt| attempt.address != address);
                    has_failed = true;
                    let is_connected = matches!(error, ConnectError::Tls(_) | ConnectError::Handshake(_));
                    failed.push(AddressError { address, error });
                    if is_connected {
                        return Err(failed);
                    }
                }
                None => return Err(failed),
            },
            () = sleep_until(due), if !waiting.is_empty() => {}
            () = sleep_until(deadline) => {
                failed.extend(attempts.iter().map(AddressAttempt::silence_error));
                return Err(failed);
            }
        }
    }
}

/// Sorts the addresses so that the families take turns, beginning with the family that the
/// resolver prefers (RFC 8305, section 4).
fn interleave_families(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
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

impl SilentAddresses {
    /// Moves the addresses that are known to be silent behind the others.
    fn move_last(&self, addresses: VecDeque<SocketAddr>) -> VecDeque<SocketAddr> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (silent, mut others): (VecDeque<_>, VecDeque<_>) = addresses
            .into_iter()
            .partition(|address| known.contains(address));
        others.extend(silent);
        others
    }

    /// Remembers the addresses that were silent while this one gave a
    /// connection.
    fn learn(&self, connected: SocketAddr, attempts: &[AddressAttempt]) {
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
    async fn tried(
        of: &[&str],
        silent: &SilentAddresses,
    ) -> (Result<SocketAddr, String>, Vec<SocketAddr>) {
        let order = Mutex::new(Vec::new());
        let end = Instant::now() + Duration::from_secs(10);
        let opened = connect_first(addresses(of), silent, end, |address, connected| {
            order.lock().unwrap().push(address);
            async move {
                match address.ip().to_string().as_str() {
                    "127.0.0.2" => std::future::pending().await,
                    "127.0.0.3" => Err(ConnectError::Network(
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
        let silent = SilentAddresses::default();
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
        let (opened, _) = tried(&all, &SilentAddresses::default()).await;
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
        assert_eq!(interleave_families(all), order);
    }
}
