//! The node on a thread of its own: everybody hands their asks in, and one commit serves all
//! that came while the one before was being written.

use comity_node::{Ask, Done, Node, NodeFault};
use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{oneshot, watch};

/// Most asks that one commit serves.
const ASKS_MAX: usize = 512;

/// What the node is asked, and what came of it, in the same order.
pub type Answers = Result<Vec<Result<Done, NodeFault>>, NodeFault>;

/// The node's clock. A simulated one stands still until it is set.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Nanoseconds are lost; `i64::MIN`: the machine's clock.
    simulated_us: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// A clock that is set by hand.
    pub fn simulated(start: Timestamp) -> Clock {
        Clock { simulated_us: Some(Arc::new(AtomicI64::new(start.as_microsecond()))) }
    }

    /// What it says.
    pub fn now(&self) -> Timestamp {
        match &self.simulated_us {
            None => Timestamp::now(),
            Some(us) => {
                Timestamp::from_microsecond(us.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// True for a clock that is set by hand.
    pub fn is_simulated(&self) -> bool {
        self.simulated_us.is_some()
    }

    /// Sets a simulated clock. False for the machine's.
    pub fn set(&self, at: Timestamp) -> bool {
        let Some(us) = &self.simulated_us else { return false };
        us.store(at.as_microsecond(), Ordering::SeqCst);
        true
    }
}

type Call = Box<dyn FnOnce(&mut Node) + Send>;

enum Job {
    Turn(Vec<Ask>, oneshot::Sender<Answers>),
    Call(Call),
    Stop,
}

/// The way to the node's thread.
#[derive(Debug, Clone)]
pub struct Engine {
    jobs: Sender<Job>,
    size: watch::Receiver<u64>,
    /// The node's clock.
    pub clock: Clock,
}

/// The node's thread has ended: the process is going down.
fn gone() -> NodeFault {
    NodeFault::Store(comity_store::Fault::Busy("the node is stopping".to_owned()))
}

impl Engine {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(node: Node, clock: Clock) -> std::io::Result<(Engine, Running)> {
        let (jobs, inbox) = channel();
        let (told, size) = watch::channel(node.size());
        let its_clock = clock.clone();
        let thread = std::thread::Builder::new()
            .name("node".to_owned())
            .spawn(move || run(node, &inbox, &told, &its_clock))?;
        let running = Running { jobs: jobs.clone(), thread: Mutex::new(Some(thread)) };
        Ok((Engine { jobs, size, clock }, running))
    }

    /// Asks, and waits until it is durable.
    ///
    /// # Errors
    /// As for [`Node::turn`].
    pub async fn turn(&self, asks: Vec<Ask>) -> Answers {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Turn(asks, reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Asks one thing.
    ///
    /// # Errors
    /// As for [`Node::turn`], and why this ask came to nothing.
    pub async fn ask(&self, ask: Ask) -> Result<Done, NodeFault> {
        self.turn(vec![ask]).await?.pop().unwrap_or_else(|| Err(gone()))
    }

    /// Does something with the node between two turns.
    ///
    /// # Errors
    /// The node is stopping.
    pub async fn with<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Node) -> T + Send + 'static,
    ) -> Result<T, NodeFault> {
        let (reply, answer) = oneshot::channel();
        let call: Call = Box::new(move |node| {
            // Whoever asked may have gone away meanwhile.
            let _ = reply.send(call(node));
        });
        self.jobs.send(Job::Call(call)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }

    /// Tells of the ledger's size, each time that it grew.
    pub fn grown(&self) -> watch::Receiver<u64> {
        self.size.clone()
    }
}

/// The thread, to be waited for at the end.
#[derive(Debug)]
pub struct Running {
    jobs: Sender<Job>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Running {
    /// Lets the node finish what was asked, and ends its thread.
    pub fn stop(&self) {
        let _ = self.jobs.send(Job::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn run(mut node: Node, inbox: &Receiver<Job>, told: &watch::Sender<u64>, clock: &Clock) {
    while let Ok(first) = inbox.recv() {
        let mut turns = Vec::new();
        let mut asks = 0;
        let mut next = Some(first);
        let mut call = None;
        let mut stops = false;
        while let Some(job) = next {
            match job {
                Job::Turn(ask, reply) => {
                    asks += ask.len();
                    turns.push((ask, reply));
                }
                Job::Call(f) => call = Some(f),
                Job::Stop => stops = true,
            }
            let goes_on = call.is_none() && !stops && asks < ASKS_MAX;
            next = if goes_on { inbox.try_recv().ok() } else { None };
        }
        serve(&mut node, turns, clock.now());
        told.send_if_modified(|size| std::mem::replace(size, node.size()) != node.size());
        if let Some(call) = call {
            call(&mut node);
        }
        if stops {
            break;
        }
    }
    // What was recorded last is signed before the node goes.
    if let Err(fault) = node.turn(vec![Ask::Checkpoint], clock.now()) {
        tracing::error!(code = fault.code(), "the last checkpoint was not signed: {fault}");
    }
}

type Turn = (Vec<Ask>, oneshot::Sender<Answers>);

fn serve(node: &mut Node, mut turns: Vec<Turn>, now: Timestamp) {
    if turns.len() < 2 {
        if let Some((asks, reply)) = turns.pop() {
            let _ = reply.send(node.turn(asks, now));
        }
        return;
    }
    let (asks, replies): (Vec<Vec<Ask>>, Vec<_>) = turns.into_iter().unzip();
    let together: Vec<Ask> = asks.iter().flatten().cloned().collect();
    match node.turn(together, now) {
        Ok(done) => {
            let mut done = done.into_iter();
            for (asks, reply) in asks.iter().zip(replies) {
                let _ = reply.send(Ok(done.by_ref().take(asks.len()).collect()));
            }
        }
        // One of them may have spoiled it for all: each on its own.
        Err(_) => {
            for (asks, reply) in asks.into_iter().zip(replies) {
                let _ = reply.send(node.turn(asks, now));
            }
        }
    }
}
