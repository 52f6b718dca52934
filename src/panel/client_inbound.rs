//! On which inbound a client is: the one it was made on, which need not be the one that is sold now.
//!
//! An operator who has another inbound sold moves nobody: who bought before stays where they are,
//! with the link they have, and is renewed there.

use std::sync::{Arc, Mutex};

use super::{
    Client, Error, Found, Reader,
    connection::{Panel, is_absence},
};

impl Panel {
    pub(super) fn at(&self, inbound_id: i64) -> Self {
        Self {
            name: self.name.clone(),
            inbound_id,
            public_host: self.public_host.clone(),
            subscription_url: self.subscription_url.clone(),
            wire: Arc::clone(&self.wire),
            door: Arc::clone(&self.door),
            breaker: Arc::clone(&self.breaker),
            availability: Arc::clone(&self.availability),
            recoveries: Arc::clone(&self.recoveries),
            writes: Arc::clone(&self.writes),
            sold: Mutex::new(None),
        }
    }

    /// Whether a client of this name is on the inbound. An inbound that is gone has none.
    async fn has(&self, email: &str) -> Result<bool, Error> {
        match self.find(email).await {
            Ok(found) => Ok(found.is_some_and(|found| found.client.on_inbound)),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Reader {
    /// The number of the inbound from which the panel is seen.
    pub fn inbound_id(&self) -> i64 {
        self.0.inbound_id
    }

    /// The panel as seen from another of its inbounds.
    #[must_use]
    pub fn at(&self, inbound_id: i64) -> Self {
        if inbound_id == self.0.inbound_id { self.clone() } else { Self(Arc::new(self.0.at(inbound_id))) }
    }

    /// The panel as seen from the inbound on which a client is: the one it was made on, or the one
    /// sold now where it is not there. Asks nobody where the two are the same.
    pub async fn home(&self, email: &str, made_on: i64) -> Result<Self, Error> {
        if made_on == self.0.inbound_id {
            return Ok(self.clone());
        }
        let there = self.at(made_on);
        let is_there = self.0.guard(Box::pin(there.0.has(email))).await?;
        Ok(if is_there { there } else { self.clone() })
    }

    /// [`Reader::find`] where the client is.
    pub async fn find_home(&self, email: &str, made_on: i64) -> Result<Option<Found>, Error> {
        self.home(email, made_on).await?.find(email).await
    }
}

impl Client {
    /// See [`Reader::inbound_id`].
    pub fn inbound_id(&self) -> i64 {
        self.0.inbound_id
    }

    /// See [`Reader::home`].
    pub async fn home(&self, email: &str, made_on: i64) -> Result<Self, Error> {
        Ok(Self(self.reader().home(email, made_on).await?.0))
    }

    /// See [`Reader::find_home`].
    pub async fn find_home(&self, email: &str, made_on: i64) -> Result<Option<Found>, Error> {
        self.reader().find_home(email, made_on).await
    }
}
