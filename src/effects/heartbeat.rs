//! Whether the worker still comes round: it is asked, and answers after its next turn.

use std::time::Duration;

use tokio::sync::watch;

#[derive(Debug)]
pub struct Asker {
    asked: watch::Sender<u64>,
    turned: watch::Receiver<u64>,
}

#[derive(Debug)]
pub struct Heartbeat {
    asked: watch::Receiver<u64>,
    turned: watch::Sender<u64>,
}

pub fn pulse() -> (Asker, Heartbeat) {
    let (asked, asked_end) = watch::channel(0);
    let (turned, turned_end) = watch::channel(0);
    (Asker { asked, turned: turned_end }, Heartbeat { asked: asked_end, turned })
}

impl Asker {
    /// Whether the worker comes round within this time.
    pub async fn turns(&self, patience: Duration) -> bool {
        let number = self.asked.borrow().wrapping_add(1);
        self.asked.send_replace(number);
        let mut turned = self.turned.clone();
        matches!(tokio::time::timeout(patience, turned.wait_for(|turn| *turn == number)).await, Ok(Ok(_)))
    }
}

impl Heartbeat {
    /// The question that the turn which begins now answers.
    pub(super) fn question(&mut self) -> u64 {
        *self.asked.borrow_and_update()
    }

    /// The turn has come round.
    pub(super) fn answer(&self, question: u64) {
        self.turned.send_replace(question);
    }

    /// Waits for the next question; for ever when nobody asks any more.
    pub(super) async fn asked(&mut self) {
        if self.asked.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
