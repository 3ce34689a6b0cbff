//! Which addresses are dialled, and in which order.

use tokio::net::{TcpListener, TcpSocket};
use tokio::time::timeout;

use super::race::STAGGER;
use super::*;

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let open = listener.local_addr().unwrap();
    // A port that was free a moment ago refuses.
    let closed = {
        let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let connection = async |addresses: Vec<SocketAddr>| {
        let end = Instant::now() + Duration::from_secs(10);
        let network = |error: std::io::Error| ConnectError::Network((&error).into());
        let open = async |address, _| TcpStream::connect(address).await.map_err(network);
        race::connect_first(addresses, &SilentAddresses::default(), end, open).await
    };
    let stream = connection(vec![closed, open]).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), open);
    let refused = connection(vec![closed]).await.unwrap_err();
    let refused = DialError::Addresses(refused).to_string();
    assert_eq!(refused, format!("{closed}: connection refused"));
}

/// An address that takes no connection, and what has to stay open for that.
async fn full() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut open = Vec::new();
    // As soon as its queue is full, the system is silent to whoever comes.
    while let Ok(taken) = timeout(STAGGER, TcpStream::connect(address)).await {
        open.push(taken.unwrap());
    }
    (address, listener, open)
}

#[tokio::test]
async fn a_silent_address_is_named_and_keeps_nobody_from_the_next() {
    let (silent, _listener, _open) = full().await;
    let live = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let live = live.local_addr().unwrap();
    let connection =
        async |addresses: Vec<SocketAddr>, known: &SilentAddresses, limit: Duration| {
            let network = |error: std::io::Error| ConnectError::Network((&error).into());
            let open = async |address, _| TcpStream::connect(address).await.map_err(network);
            let end = Instant::now() + limit;
            race::connect_first(addresses, known, end, open).await
        };
    let known = SilentAddresses::default();
    let long = Duration::from_secs(30);
    let stream = connection(vec![silent, live], &known, long).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), live);
    let failed = connection(vec![silent], &known, STAGGER).await.unwrap_err();
    let failed = DialError::Addresses(failed);
    assert!(failed.is_late());
    assert_eq!(
        failed.to_string(),
        format!("{silent}: no answer to the connection")
    );
}

#[tokio::test]
async fn only_the_name_of_the_target_is_dialled_elsewhere() {
    let connection = Connection {
        target: "https://shop.example.test:8443".parse().unwrap(),
        connect_to: Some("127.0.0.1:9443".parse().unwrap()),
        cacert: None,
    };
    let detour = Detour::from_connection(&connection).unwrap();
    let found = resolve("SHOP.example.test", detour.as_ref()).await.unwrap();
    assert_eq!(found, ["127.0.0.1:9443".parse().unwrap()]);
    let other = resolve("127.0.0.3", detour.as_ref()).await.unwrap();
    assert_eq!(other, ["127.0.0.3:0".parse().unwrap()]);
}

#[tokio::test]
async fn nobody_is_dialled_at_a_link_local_address() {
    let refused = resolve("169.254.169.254", None).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`169.254.169.254` is 169.254.169.254, a link-local address"
    );
}
