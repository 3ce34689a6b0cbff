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

/// The socket of one listener.
#[derive(Debug)]
pub(super) struct Socket {
    address: SocketAddr,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    accepting: Option<Waker>,
}

#[derive(Debug)]
enum State {
    Open(TcpListener),
    /// Bound but not listening: the system refuses connections, and no other
    /// program can take the port meanwhile.
    Refusing(TcpSocket),
    /// The port was lost to another program; connections stay refused.
    Lost,
}

impl Socket {
    pub(super) fn open(ip: Ipv4Addr, port: u16) -> io::Result<Self> {
        let socket = bind(SocketAddr::from((ip, port)))?;
        let address = socket.local_addr()?;
        Ok(Self {
            address,
            inner: Mutex::new(Inner {
                state: State::Open(socket.listen(BACKLOG)?),
                accepting: None,
            }),
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// From the return of this function on, connections are refused.
    pub(super) fn refuse(&self) {
        let mut inner = self.lock();
        if matches!(inner.state, State::Open(_)) {
            // The listener has to be closed before its port can be bound.
            inner.state = State::Lost;
            inner.state = bind(self.address).map_or(State::Lost, State::Refusing);
        }
    }

    /// From the return of this function on, connections are accepted.
    pub(super) fn reopen(&self) {
        let mut inner = self.lock();
        inner.state = match mem::replace(&mut inner.state, State::Lost) {
            State::Open(listener) => State::Open(listener),
            State::Refusing(socket) => socket.listen(BACKLOG).map_or(State::Lost, State::Open),
            State::Lost => bind(self.address)
                .and_then(|socket| socket.listen(BACKLOG))
                .map_or(State::Lost, State::Open),
        };
        if let Some(waker) = inner.accepting.take() {
            waker.wake();
        }
    }

    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|cx| {
            let mut inner = self.lock();
            inner.accepting = Some(cx.waker().clone());
            match &inner.state {
                State::Open(listener) => listener.poll_accept(cx),
                State::Refusing(_) | State::Lost => Poll::Pending,
            }
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
