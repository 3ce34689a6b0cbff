//! Where requests go: which addresses are dialled, and that they are those of
//! the load balancer whose listener is proven.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use client::connection::Connection;
use client::hosts::Hosts;
use futures_util::future::{join, join_all};
use tokio::time::Instant;

use crate::time_limit::{Backoff, TimeLimit, Unproven};
use aws::calls::LEAST;

/// The longest that a name may take to resolve.
const LOOKUP: Duration = Duration::from_secs(5);
/// How often names are looked up, before it is taken for certain that they
/// stand for different addresses: a large load balancer tells a part of its
/// addresses at a time.
const LOOKUPS: u32 = 4;
/// The pause between two look-ups.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_millis(500));

/// The host and the port that are dialled.
pub(super) fn dialled_address(connection: &Connection) -> (&str, u16) {
    let target = &connection.target;
    match &connection.connect_to {
        // An address is dialled as it is.
        Some(address) if !target.is_address() => {
            (address.host(), address.port().unwrap_or(target.port()))
        }
        _ => (target.host(), target.port()),
    }
}

/// The names of a load balancer, and the port of its listener.
#[derive(Debug)]
pub(super) struct Names<'a> {
    /// The last one is its own, if that is known.
    hosts: Vec<&'a str>,
    port: u16,
}

/// What one look-up of names shows.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    pub(super) addresses: Vec<SocketAddr>,
    /// The family that is left out, because no route leads to it.
    pub(super) left_out: Option<&'static str>,
}

/// A name that stands for no address.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` does not resolve: {source}")]
pub(super) struct LookupError {
    host: String,
    source: io::Error,
}

impl<'a> Names<'a> {
    /// What is dialled, and beside that the load balancer's own name.
    pub(super) fn new(connection: &'a Connection, own: Option<&'a str>) -> Self {
        let (host, port) = dialled_address(connection);
        let own = own.filter(|own| normalize(own) != normalize(host));
        let hosts = std::iter::once(host).chain(own).collect();
        Self { hosts, port }
    }

    /// The load balancer's own name, or else what is dialled.
    pub(super) fn name(&self) -> &'a str {
        self.hosts.last().copied().unwrap_or_default()
    }

    /// All addresses that they stand for, as far as they can be reached from
    /// here.
    pub(super) async fn addresses(&self, until: Instant) -> Result<Lookup, LookupError> {
        let each = self
            .hosts
            .iter()
            .map(|host| look_up(host, self.port, until));
        let mut addresses = Vec::new();
        for found in join_all(each).await {
            addresses.extend(found?);
        }
        addresses.sort();
        addresses.dedup();
        Ok(keep_reachable(addresses, has_route))
    }
}

/// Whether the load balancer of this name is what is dialled.
pub(super) async fn check_load_balancer(
    what: &str,
    name: &str,
    connection: &Connection,
    limit: TimeLimit,
) -> Result<(), Unproven> {
    let (host, port) = dialled_address(connection);
    // The same name needs no look-up, and none can fail.
    if normalize(host) == normalize(name) {
        return Ok(());
    }
    let names = Names::new(connection, None);
    let mut known: BTreeSet<IpAddr> = BTreeSet::new();
    let (mut looks, mut backoff) = (0, BACKOFF);
    loop {
        looks += 1;
        let until = limit.until;
        let (dialled, own) = join(names.addresses(until), look_up(name, port, until)).await;
        let why = match (dialled, own) {
            (Ok(dialled), Ok(own)) => {
                // A name shows a part of its addresses at a time, so that
                // what it has shown before counts.
                known.extend(own.iter().map(|address| address.ip().to_canonical()));
                let dialled = dialled.addresses.iter();
                let mut foreign = dialled.map(|address| address.ip().to_canonical());
                let is_empty = foreign.len() == 0;
                match foreign.find(|address| !known.contains(address)) {
                    None if !is_empty => return Ok(()),
                    None => format!("`{host}` stands for no address"),
                    // The message names the address already.
                    Some(address) if host == address.to_string() => String::new(),
                    Some(address) => format!("`{host}` is {address}"),
                }
            }
            (Err(error), _) | (_, Err(error)) => error.to_string(),
        };
        let pause = limit.next_pause(&mut backoff).filter(|_| looks < LOOKUPS);
        let Some(pause) = pause else {
            let why = match why.as_str() {
                "" => String::new(),
                why => format!(": {why}"),
            };
            return Err(Unproven::new(
                format!(
                    "the target `{}` is reached at `{host}`, which is not known to be the load \
                     balancer of the {what}, `{name}`{why}",
                    connection.target
                ),
                "set `SMOKE_CONNECT_TO` to the load balancer's name, or `SMOKE_PROOF` to \
                 `identity` if something stands before it",
            ));
        };
        tokio::time::sleep(pause).await;
    }
}

/// Notes on hosts that checks may ask, and that are the same load balancer on
/// another port: nothing of the proof holds there.
pub(super) async fn note_other_ports(
    hosts: &Hosts,
    connection: &Connection,
    limit: TimeLimit,
) -> Vec<String> {
    let (_, port) = dialled_address(connection);
    let others: Vec<_> = hosts
        .exact_hosts()
        .filter(|(_, other)| *other != port)
        .collect();
    if others.is_empty() {
        return Vec::new();
    }
    let until = limit.until.min(Instant::now() + LOOKUP);
    let own = Names::new(connection, None).addresses(until).await;
    // A note is worth no failure: the proof finds out by itself if the name
    // stays unknown.
    let own = own.unwrap_or_default().addresses;
    let looked_up = others
        .iter()
        .map(|(host, other)| look_up(host, *other, until));
    let looked_up = join_all(looked_up).await;
    let found = others.iter().zip(looked_up).filter(|(_, found)| {
        let addresses = found.iter().flatten();
        let mut same = addresses.filter(|address| own.iter().any(|own| own.ip() == address.ip()));
        same.next().is_some()
    });
    found
        .map(|((host, other), _)| {
            format!(
                "checks may ask `{host}:{other}`, which is the target's load balancer on another \
                 port: nothing proves that green answers there"
            )
        })
        .collect()
}

/// A name as DNS compares it. `dualstack.` stands for the same load balancer.
fn normalize(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.").unwrap_or(&name).to_owned()
}

async fn look_up(host: &str, port: u16, until: Instant) -> Result<Vec<SocketAddr>, LookupError> {
    let left = until.saturating_duration_since(Instant::now());
    let longest = left.clamp(LEAST, LOOKUP);
    let found = tokio::time::timeout(longest, tokio::net::lookup_host((host, port))).await;
    let mut found: Vec<_> = found
        .unwrap_or_else(|_| Err(io::Error::other("no answer in time")))
        .map_err(|source| LookupError {
            host: host.to_owned(),
            source,
        })?
        .collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// Leaves out the family to which no route leads, if one leads to the other: a
/// function without IPv6 has none to half of what a dual-stack load balancer's
/// name stands for.
fn keep_reachable(
    mut addresses: Vec<SocketAddr>,
    has_route: impl Fn(&SocketAddr) -> bool,
) -> Lookup {
    let reached = |is_ipv4: bool| {
        let mut family = addresses.iter().filter(|it| it.is_ipv4() == is_ipv4);
        family.any(&has_route)
    };
    let left_out = match (reached(true), reached(false)) {
        (true, false) => Some(("IPv6", true)),
        (false, true) => Some(("IPv4", false)),
        // Without any route the connection says why, and with both nothing is
        // left out.
        _ => None,
    };
    let all = addresses.len();
    if let Some((_, kept_ipv4)) = left_out {
        addresses.retain(|address| address.is_ipv4() == kept_ipv4);
    }
    Lookup {
        left_out: left_out
            .filter(|_| addresses.len() < all)
            .map(|(family, _)| family),
        addresses,
    }
}

/// Whether this machine has a way to an address. Nothing is sent.
fn has_route(address: &SocketAddr) -> bool {
    let own: IpAddr = if address.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((own, 0));
    socket.is_ok_and(|socket| socket.connect(address).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_found_without_sending_anything() {
        assert!(has_route(&"127.0.0.1:8443".parse().unwrap()));
        // An address of no network.
        assert!(!has_route(&"255.255.255.255:8443".parse().unwrap()));
    }

    #[test]
    fn a_family_without_a_route_is_left_out_and_a_single_address_is_not() {
        let check = |routed: &[&str], all: &[&str], kept: &[&str], left_out: Option<&str>| {
            let parsed = |texts: &[&str]| -> Vec<SocketAddr> {
                texts.iter().map(|text| text.parse().unwrap()).collect()
            };
            let routed = parsed(routed);
            let shown = keep_reachable(parsed(all), |address| routed.contains(address));
            assert_eq!(shown.addresses, parsed(kept), "{all:?}");
            assert_eq!(shown.left_out, left_out, "{all:?}");
        };
        let (four, other, six) = ("10.0.0.1:1", "10.0.0.2:1", "[2001:db8::1]:1");
        check(&[four, six], &[four, six], &[four, six], None);
        check(&[four], &[four, six], &[four], Some("IPv6"));
        check(&[six], &[four, six], &[six], Some("IPv4"));
        check(&[four], &[four, other], &[four, other], None);
        check(&[four], &[four, other, six], &[four, other], Some("IPv6"));
        // Who has no route at all hears it from the connection.
        check(&[], &[four, six], &[four, six], None);
        check(&[], &[], &[], None);
    }

    #[test]
    fn a_load_balancer_has_one_name_in_several_spellings() {
        let name = "shop-1.eu-central-1.elb.amazonaws.com";
        for same in [
            "Shop-1.eu-central-1.elb.amazonaws.com",
            "shop-1.eu-central-1.elb.amazonaws.com.",
            "dualstack.shop-1.eu-central-1.elb.amazonaws.com",
        ] {
            assert_eq!(normalize(same), name);
        }
        assert_ne!(normalize("internal-shop-1.elb.amazonaws.com"), name);
    }
}
