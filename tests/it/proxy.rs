//! A small HTTP proxy on loopback that stands before a server, counts what passes and can misbehave.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The answer is this one instead: status and S3's error code.
    Answer(u16, &'static str),
    /// The connection is reset before an answer.
    Reset,
    /// Half of the answer's body comes, then the connection ends.
    Cut,
    /// Half of the body comes, and its length is told as if that were all.
    Short,
    /// The body comes in pieces, slowly.
    Slow,
    /// The answer comes whole, a fifth of a second late.
    Late,
    /// Half of the body comes, then nothing, for longer than the client waits.
    Stall,
}

/// Decides by the request line whether a request is hit.
pub(crate) type Plan = Box<dyn Fn(&str) -> Option<Fault> + Send + Sync>;

/// A running proxy; it ends with the process.
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    plan: Mutex<Plan>,
    /// Bytes of bodies that were sent to clients.
    bytes: AtomicU64,
    requests: Mutex<Vec<String>>,
    /// Requests that are late now, and the most that were at once.
    late: AtomicU64,
    most: AtomicU64,
}

impl Proxy {
    pub(crate) fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let plan: Plan = Box::new(|_| None);
        let (plan, requests) = (Mutex::new(plan), Mutex::default());
        let [bytes, late, most] = std::array::from_fn(|_| AtomicU64::new(0));
        let shared = Arc::new(Shared { upstream, plan, bytes, requests, late, most });
        let inside = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = inside.clone();
                thread::spawn(move || shared.serve(client));
            }
        });
        Self { endpoint, shared }
    }

    /// From now on requests are hit as planned; counts begin anew.
    pub(crate) fn plan(&self, plan: impl Fn(&str) -> Option<Fault> + Send + Sync + 'static) {
        *self.shared.plan.lock().unwrap() = Box::new(plan);
        self.shared.bytes.store(0, Ordering::SeqCst);
        self.shared.most.store(0, Ordering::SeqCst);
        self.shared.requests.lock().unwrap().clear();
    }

    /// Bytes of bodies since the last plan.
    pub(crate) fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::SeqCst)
    }

    /// The most requests that were late at once since the last plan.
    pub(crate) fn most_at_once(&self) -> u64 {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// Request lines since the last plan.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

/// Hits the first so many requests whose line holds a text.
pub(crate) fn first(count: u64, of: &'static str, fault: Fault) -> impl Fn(&str) -> Option<Fault> + Send + Sync {
    let left = AtomicU64::new(count);
    move |line| {
        let hit =
            line.contains(of) && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        hit.then_some(fault)
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) {
        let Some((head, body)) = request(&mut client) else { return };
        let line = head.lines().next().unwrap_or_default().to_owned();
        let fault = (self.plan.lock().unwrap())(&line);
        self.requests.lock().unwrap().push(line);
        match fault {
            Some(Fault::Reset) => return,
            Some(Fault::Late) => {
                let now = self.late.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(200));
                self.late.fetch_sub(1, Ordering::SeqCst);
            }
            Some(Fault::Answer(status, code)) => {
                let body = format!("<Error><Code>{code}</Code><Message>as planned</Message></Error>");
                let head =
                    format!("HTTP/1.1 {status} Planned\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = client.write_all(format!("{head}{body}").as_bytes());
                return;
            }
            _ => {}
        }
        let mut server = TcpStream::connect(&self.upstream).unwrap();
        let (first, rest) = head.split_once("\r\n").unwrap();
        let kept: Vec<&str> =
            rest.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:")).collect();
        server.write_all(format!("{first}\r\nConnection: close\r\n{}", kept.join("\r\n")).as_bytes()).unwrap();
        server.write_all(&body).unwrap();
        let mut answer = Vec::new();
        let _ = server.read_to_end(&mut answer);
        let at = find(&answer, b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
        let (head, body) = answer.split_at(at);
        self.bytes.fetch_add(body.len() as u64, Ordering::SeqCst);
        relay(&mut client, head, body, fault);
    }
}

fn relay(client: &mut TcpStream, head: &[u8], body: &[u8], fault: Option<Fault>) {
    let half = body.len() / 2;
    let head = match fault {
        Some(Fault::Short) => {
            let text = String::from_utf8_lossy(head).to_string();
            let lines = text.split("\r\n").map(|line| {
                let length = line.to_ascii_lowercase().starts_with("content-length:");
                if length { format!("Content-Length: {half}") } else { line.to_owned() }
            });
            lines.collect::<Vec<_>>().join("\r\n").into_bytes()
        }
        _ => head.to_vec(),
    };
    let _ = client.write_all(&head);
    match fault {
        Some(Fault::Cut | Fault::Short) => drop(client.write_all(&body[..half])),
        Some(Fault::Stall) => {
            let _ = client.write_all(&body[..half]);
            thread::sleep(Duration::from_secs(5));
        }
        Some(Fault::Slow) => {
            for piece in body.chunks(body.len() / 8 + 1) {
                thread::sleep(Duration::from_millis(150));
                let _ = client.write_all(piece);
            }
        }
        _ => drop(client.write_all(body)),
    }
}

/// Head and body of a request; `None` when the client went away.
fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut block = [0; 16384];
    let at = loop {
        if let Some(at) = find(&bytes, b"\r\n\r\n") {
            break at + 4;
        }
        match client.read(&mut block) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&block[..count]),
            _ => return None,
        }
    };
    let head = String::from_utf8_lossy(&bytes[..at]).to_string();
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let length: usize = length.unwrap_or(0);
    while bytes.len() < at + length {
        match client.read(&mut block) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&block[..count]),
            _ => return None,
        }
    }
    Some((head, bytes[at..].to_vec()))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
