//! The inbound we sell: read, kept in mind where reading it is dear, and judged.
//!
//! No version says what an inbound is without saying whom it serves. 3.x has a short list beside it,
//! which tells whether something about it changed; 2.x has nothing.

use std::{sync::PoisonError, time::Duration};

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    ClientRecord, Error, Generation, Inbound, Xray,
    connection::Panel,
    inbound::{self, Flows},
    json_filter::{CLIENTS, OF_INBOUND},
    link,
    sold::{Short, Sold},
    wire::Request,
};

/// With clients of more bytes than this, an inbound is not read again as long as it is the same.
const DEAR: usize = 16 * 1024;

/// What the short list does not say of an inbound (its keys, its path) is believed for this long.
const BELIEVED: Duration = Duration::from_mins(10);

impl Panel {
    fn known(&self) -> Option<Sold> {
        self.sold.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn know(&self, change: impl FnOnce(&mut Option<Sold>)) {
        change(&mut self.sold.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was read not long ago.
    fn believed(&self) -> Option<Sold> {
        let now = self.door.now();
        self.known().filter(|known| now >= known.read && now.since(known.read) < BELIEVED)
    }

    /// The inbound, read in full, with those of its clients' rows that are `wanted` (none on 3.x is no
    /// proof of absence).
    pub(super) async fn inbound_with(
        &self,
        generation: Generation,
        wanted: &mut (dyn FnMut(&[u8]) -> bool + Send),
    ) -> Result<(Inbound, Vec<Value>), Error> {
        let mut dropped = 0_usize;
        let mut keep = |list, row: &[u8]| {
            let kept = list == CLIENTS && wanted(row);
            dropped = dropped.saturating_add(if kept { 0 } else { row.len() });
            kept
        };
        let request = Request::get("panel/api/inbounds/get").with(&self.inbound_id).listing(OF_INBOUND);
        let obj = self.sift(generation, request, &mut keep).await.map_err(|error| self.of_inbound(error))?;
        let (inbound, rows) = inbound::read(obj)?;
        self.know(|known| {
            let (short, fit) = known.take().map_or((None, true), |known| (known.short, known.fit));
            let (read, dear) = (self.door.now(), dropped > DEAR);
            *known = Some(Sold { inbound: inbound.clone(), dear, read, short, fit });
        });
        Ok((inbound, rows))
    }

    fn of_inbound(&self, error: Error) -> Error {
        match error {
            Error::Refused { message } => Error::Refused { message: format!("inbound {}: {message}", self.inbound_id) },
            other => other,
        }
    }

    /// The inbound without its clients; a dear one from memory where 3.x says that it is the same.
    pub(super) async fn inbound(&self, generation: Generation) -> Result<Inbound, Error> {
        let v3 = matches!(generation, Generation::V3 { .. });
        if let Some(known) = self.believed().filter(|known| v3 && known.dear)
            && let Some(short) = self.short(generation).await?
            && known.short.as_ref() == Some(&short)
        {
            return Ok(known.inbound);
        }
        self.inbound_anew(generation).await
    }

    /// The inbound, read in full, and what the short list says of it.
    pub(super) async fn inbound_anew(&self, generation: Generation) -> Result<Inbound, Error> {
        let inbound = self.inbound_with(generation, &mut |_| false).await?.0;
        let v3 = matches!(generation, Generation::V3 { .. });
        if self.known().is_some_and(|known| v3 && known.dear) {
            let short = self.short(generation).await?;
            self.know(|known| known.iter_mut().for_each(|known| known.short.clone_from(&short)));
        }
        Ok(inbound)
    }

    /// The inbound's row in the short list; `None` where this version has none that says enough.
    async fn short(&self, generation: Generation) -> Result<Option<Short>, Error> {
        let list = match self.ask(generation, Request::get("panel/api/inbounds/options")).await {
            Ok(list) => list,
            Err(Error::Unexpected { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let rows = list.as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(row) = rows.iter().find(|row| row["id"].as_i64() == Some(self.inbound_id)) else {
            return Err(self.of_inbound(Error::Refused { message: "record not found".to_owned() }));
        };
        Ok(Short::deserialize(row).ok())
    }

    /// What new clients get and others keep, as last read.
    pub(super) async fn flows(&self, generation: Generation) -> Result<Flows, Error> {
        match self.known() {
            Some(known) => Ok(known.inbound.flows()),
            None => Ok(self.inbound(generation).await?.flows()),
        }
    }

    pub(super) async fn sold_inbound(&self) -> Result<Inbound, Error> {
        let generation = self.generation().await?;
        let inbound = self.inbound_anew(generation).await?;
        self.reached(generation, inbound).await
    }

    /// The inbound as a link to it needs it at this moment, and as the client of this name has it.
    pub(super) async fn linked(&self, email: &str) -> Result<Inbound, Error> {
        let generation = self.generation().await?;
        let mut inbound = self.inbound(generation).await?;
        if self.is_dear() && !self.still_links(generation, &inbound, email).await? {
            inbound = self.inbound_anew(generation).await?;
        }
        self.reached(generation, inbound).await
    }

    /// Whether the panel's own links for a client say what ours would: its short list knows nothing of
    /// keys and paths.
    async fn still_links(&self, generation: Generation, inbound: &Inbound, email: &str) -> Result<bool, Error> {
        let theirs = self.ask(generation, Request::get("panel/api/clients/links").with(email)).await;
        let theirs = match theirs {
            Ok(theirs) => theirs,
            Err(Error::Unexpected { .. } | Error::Refused { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let theirs: Vec<&str> = theirs.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        Ok(link::agrees(inbound, &theirs))
    }

    /// Whether an inbound with so many clients is not read again without need; only 3.x says when there is one.
    pub(super) fn is_dear(&self) -> bool {
        matches!(self.door.known(), Some(Generation::V3 { .. })) && self.known().is_some_and(|known| known.dear)
    }

    /// The link to be given for a client of an inbound as customers reach it.
    pub(super) fn link(&self, inbound: &Inbound, client: &ClientRecord, remark: &str) -> Result<String, Error> {
        let link = link::chosen(inbound, &self.public_host, &client.uuid, &client.flow, remark);
        link.map_err(|error| {
            let why = format!("inbound {} cannot be sold: {error}", self.inbound_id);
            self.note_unfit(&why);
            Error::Unfit { why }
        })
    }

    /// Whether what we sell works: `None`, or what is wrong with it. 3.x is asked for its short list, and
    /// for the inbound itself now and then, as is a 2.x with many clients.
    pub(super) async fn look_for_trouble(&self) -> Result<Trouble, Error> {
        let status = self.read_status().await?;
        if let Xray::Stopped(word) = &status.xray {
            return Ok(Trouble::Passing(format!("xray does not run on it ({word})")));
        }
        match self.looked_at(status.generation).await {
            Err(Error::Refused { message }) => {
                Ok(Trouble::Passing(format!("the inbound we sell is not there ({message})")))
            }
            other => other,
        }
    }

    /// Whether the inbound can be sold; what is believed to be well is not read again.
    async fn looked_at(&self, generation: Generation) -> Result<Trouble, Error> {
        let v3 = matches!(generation, Generation::V3 { .. });
        let short = if v3 { self.short(generation).await? } else { None };
        if let Some(known) = self.believed().filter(|known| known.fit) {
            let same = if v3 { short.is_some() && known.short == short } else { known.dear };
            if same && known.inbound.enabled {
                return Ok(Trouble::None);
            }
        }
        let inbound = self.inbound_with(generation, &mut |_| false).await?.0;
        let verdict = self.verdict(&self.reached(generation, inbound).await?);
        self.know(|known| {
            for known in known.iter_mut() {
                known.fit = matches!(verdict, Trouble::None);
                known.short.clone_from(&short);
            }
        });
        Ok(verdict)
    }

    fn verdict(&self, inbound: &Inbound) -> Trouble {
        let id = self.inbound_id;
        match link::vless(inbound, &self.public_host, &Uuid::nil(), "", "") {
            Err(error) => Trouble::Lasting(format!("inbound {id} cannot be sold: {error}")),
            Ok(_) if !inbound.enabled => Trouble::Passing(format!("inbound {id} is switched off on it")),
            Ok(_) => Trouble::None,
        }
    }

    /// Before something is sold: an inbound of which nobody would have anything is left alone.
    pub(super) async fn must_be_sellable(&self) -> Result<Inbound, Error> {
        let generation = self.generation().await?;
        let inbound = self.inbound(generation).await?;
        let inbound = self.reached(generation, inbound).await?;
        let Trouble::Lasting(why) = self.verdict(&inbound) else { return Ok(inbound) };
        self.note_unfit(&why);
        Err(Error::Unfit { why })
    }

    /// Everybody learns of it at once: it is down until a health check finds it corrected.
    pub(super) fn note_unfit(&self, why: &str) {
        let mut breaker = self.breaker();
        breaker.unsellable(self.door.now(), why);
        self.publish(&breaker);
    }
}

/// What is wrong with what we sell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// What a panel says in passing too, as while it starts.
    Passing(String),
    /// What stays until somebody corrects it.
    Lasting(String),
}
