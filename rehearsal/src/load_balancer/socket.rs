//! A listening socket that can be closed and opened again on the same port.

use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// The listening socket of one node.
#[derive(Debug)]
pub(super) struct Socket {
    address: SocketAddr,
    shared: Mutex<SharedState>,
}

#[derive(Debug)]
struct SharedState {
    state: SocketState,
    /// Wakes the task in [`Socket::accept`] when the state changes.
    waker: Option<Waker>,
}

#[derive(Debug)]
enum SocketState {
    Open(TcpListener),
    /// Bound but not listening: the system refuses connections, and no other
    /// program can take the port meanwhile.
    Refusing(TcpSocket),
    /// The port was lost to another program; connections stay refused.
    Lost,
}

impl Socket {
    /// Listens on this address (port 0 means any).
    pub(super) fn open(ip: Ipv4Addr, port: u16) -> io::Result<Self> {
        let socket = bind(SocketAddr::from((ip, port)))?;
        let address = socket.local_addr()?;
        Ok(Self {
            address,
            shared: Mutex::new(SharedState {
                state: SocketState::Open(socket.listen(BACKLOG)?),
                waker: None,
            }),
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// From the return of this function on, connections are refused.
    pub(super) fn refuse(&self) {
        let mut shared = self.lock();
        if matches!(shared.state, SocketState::Open(_)) {
            // Assigning `Lost` drops the listener first: its port cannot be bound
            // while it is open.
            shared.state = SocketState::Lost;
            shared.state = bind(self.address).map_or(SocketState::Lost, SocketState::Refusing);
        }
    }

    /// From the return of this function on, connections are accepted.
    pub(super) fn reopen(&self) {
        let mut shared = self.lock();
        shared.state = match mem::replace(&mut shared.state, SocketState::Lost) {
            SocketState::Open(listener) => SocketState::Open(listener),
            SocketState::Refusing(socket) => socket
                .listen(BACKLOG)
                .map_or(SocketState::Lost, SocketState::Open),
            // The other program may have closed the port by now.
            SocketState::Lost => bind(self.address)
                .and_then(|socket| socket.listen(BACKLOG))
                .map_or(SocketState::Lost, SocketState::Open),
        };
        if let Some(waker) = shared.waker.take() {
            waker.wake();
        }
    }

    /// Accepts one connection; while connections are refused it waits.
    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|cx| {
            let mut shared = self.lock();
            // `reopen` wakes this task: a closed listener cannot.
            shared.waker = Some(cx.waker().clone());
            match &shared.state {
                SocketState::Open(listener) => listener.poll_accept(cx),
                SocketState::Refusing(_) | SocketState::Lost => Poll::Pending,
            }
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, SharedState> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections in TIME_WAIT would otherwise keep the port from being bound.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
