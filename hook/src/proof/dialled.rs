//! Where requests go: which addresses are dialled, and that they are those of
//! the load balancer whose listener is proven.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use futures_util::future::{join, join_all};
use smoke_tests::hosts::Hosts;
use smoke_tests::settings::Connection;

use super::{Bound, Unproven};

/// The longest that a name may take to resolve.
const LOOKUP: Duration = Duration::from_secs(5);
/// How often names are looked up, before it is taken for certain that they
/// stand for different addresses: a large load balancer tells a part of its
/// addresses at a time.
const LOOKUPS: u32 = 4;
/// The pause between two look-ups.
const PAUSE: Duration = Duration::from_millis(500);

/// The host and the port that are dialled.
pub(super) fn dialled(connection: &Connection) -> (&str, u16) {
    let target = &connection.target;
    match &connection.connect_to {
        // An address is dialled as it is.
        Some(address) if !target.is_address() => {
            (address.host(), address.port().unwrap_or(target.port()))
        }
        _ => (target.host(), target.port()),
    }
}

/// All addresses that are dialled: those that the load balancer's name stands
/// for, or the one that the target is.
pub(super) async fn addresses(connection: &Connection) -> Result<Vec<SocketAddr>, String> {
    let (host, port) = dialled(connection);
    let mut found = lookup(host, port).await?;
    if found.iter().any(has_route) {
        found.retain(has_route);
    }
    Ok(found)
}

/// Whether the load balancer of this name is what is dialled.
pub(super) async fn is_load_balancer(
    what: &str,
    name: &str,
    connection: &Connection,
    bound: Bound,
) -> Result<(), Unproven> {
    let (host, port) = dialled(connection);
    if plain(host) == plain(name) {
        return Ok(());
    }
    let mut known: BTreeSet<IpAddr> = BTreeSet::new();
    let mut looks = 0;
    loop {
        looks += 1;
        let (dialled, own) = join(addresses(connection), lookup(name, port)).await;
        let why = match (dialled, own) {
            (Ok(dialled), Ok(own)) => {
                known.extend(own.iter().map(|address| address.ip().to_canonical()));
                let mut foreign = dialled.iter().map(|address| address.ip().to_canonical());
                match foreign.find(|address| !known.contains(address)) {
                    None if !dialled.is_empty() => return Ok(()),
                    None => format!("`{host}` stands for no address"),
                    Some(address) if host == address.to_string() => String::new(),
                    Some(address) => format!("`{host}` is {address}"),
                }
            }
            (Err(why), _) | (_, Err(why)) => why,
        };
        if looks == LOOKUPS || !bound.allows(PAUSE) {
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
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Notes on hosts that checks may ask, and that are the same load balancer on
/// another port: nothing of the proof holds there.
pub(super) async fn unproven_doors(hosts: &Hosts, connection: &Connection) -> Vec<String> {
    let (_, port) = dialled(connection);
    let others: Vec<_> = hosts.exact().filter(|(_, other)| *other != port).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let own = addresses(connection).await.unwrap_or_default();
    let looked_up = others.iter().map(|(host, other)| lookup(host, *other));
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
fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.").unwrap_or(&name).to_owned()
}

async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found = tokio::time::timeout(LOOKUP, tokio::net::lookup_host((host, port))).await;
    let unknown = |why: String| format!("`{host}` does not resolve: {why}");
    let mut found: Vec<_> = found
        .map_err(|_| unknown("no answer in time".to_owned()))?
        .map_err(|error| unknown(error.to_string()))?
        .collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// Whether this machine has a way to an address: a function without IPv6 has
/// none to half of what a dual-stack load balancer's name stands for. Nothing
/// is sent.
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
    fn only_addresses_that_can_be_reached_from_here_are_asked() {
        assert!(has_route(&"127.0.0.1:8443".parse().unwrap()));
        // An address of no network.
        assert!(!has_route(&"255.255.255.255:8443".parse().unwrap()));
    }

    #[test]
    fn a_load_balancer_has_one_name_in_several_spellings() {
        let name = "shop-1.eu-central-1.elb.amazonaws.com";
        for same in [
            "Shop-1.eu-central-1.elb.amazonaws.com",
            "shop-1.eu-central-1.elb.amazonaws.com.",
            "dualstack.shop-1.eu-central-1.elb.amazonaws.com",
        ] {
            assert_eq!(plain(same), name);
        }
        assert_ne!(plain("internal-shop-1.elb.amazonaws.com"), name);
    }
}
