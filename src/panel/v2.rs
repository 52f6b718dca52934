//! The routes of 2.6 to 2.9: clients are rows in the text of their inbound's settings.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ClientRecord, Error, Found, Generation, Snapshot,
    connection::{Panel, is_absence},
    json_filter::{COUNTERS, OF_INBOUND},
    record::{present, used},
    wire::Request,
};
use crate::domain::drift::Present;

const ROOT: &str = "panel/api/inbounds";

pub(super) async fn snapshot(panel: &Panel, generation: Generation, email: &str) -> Result<Snapshot, Error> {
    let (inbound, rows) = panel.inbound_with(generation, &mut |row| may_be(row, email, None)).await?;
    let ours = |row: &&Value| row["email"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(email));
    let client = rows.iter().find(ours).map(ClientRecord::from_v2).transpose()?;
    Ok(Snapshot { inbound, client })
}

/// Whether a row may be that of this client, or of one with this uuid. What cannot be told is kept.
fn may_be(row: &[u8], email: &str, uuid: Option<&str>) -> bool {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        email: Value,
        #[serde(default)]
        id: Value,
    }
    let same = |value: &Value, text: &str| value.as_str().is_some_and(|value| value.eq_ignore_ascii_case(text));
    let of = |row: Row| same(&row.email, email) || uuid.is_some_and(|uuid| same(&row.id, uuid));
    serde_json::from_slice(row).map_or(true, of)
}

pub(super) async fn find(panel: &Panel, generation: Generation, email: &str) -> Result<Option<Found>, Error> {
    let Some(client) = snapshot(panel, generation, email).await?.client else { return Ok(None) };
    let used_bytes = traffic(panel, generation, email).await?;
    Ok(Some(Found { client, used_bytes }))
}

/// Whether another client of the inbound has this one's uuid.
pub(super) async fn shares_uuid(panel: &Panel, generation: Generation, record: &ClientRecord) -> Result<bool, Error> {
    let uuid = record.id();
    let (_, rows) = panel.inbound_with(generation, &mut |row| may_be(row, &record.email, Some(uuid))).await?;
    let others =
        rows.iter().filter(|row| row["email"].as_str().is_none_or(|name| !name.eq_ignore_ascii_case(&record.email)));
    let mut theirs = others.filter_map(|row| row["id"].as_str());
    Ok(theirs.any(|id| id.eq_ignore_ascii_case(uuid)))
}

/// Every client of the inbound we sell and of those in `also`. Only the list of inbounds has their
/// counters, and only the inbound itself says which clients are its own before they have all been read.
pub(super) async fn clients(panel: &Panel, generation: Generation, also: &[i64]) -> Result<Vec<Present>, Error> {
    let sold = panel.inbound_id;
    let mut found = clients_of(panel, generation).await?;
    for id in also.iter().filter(|id| **id != sold) {
        match clients_of(&panel.at(*id), generation).await {
            Ok(more) => found.extend(more),
            // The inbound is gone, and its clients with it.
            Err(error) if is_absence(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let mut counted: HashMap<String, u64> = HashMap::new();
    let mut count = |list, row: &[u8]| {
        let row: Value = if list == COUNTERS { serde_json::from_slice(row).unwrap_or_default() } else { Value::Null };
        if let (Some(email), Some(id)) = (row["email"].as_str(), row["inboundId"].as_i64())
            && (id == sold || also.contains(&id))
        {
            counted.insert(email.to_owned(), used(&row).ok().and_then(|used| u64::try_from(used).ok()).unwrap_or(0));
        }
        false
    };
    panel.sift(generation, Request::get(ROOT).with("list").listing(OF_INBOUND), &mut count).await?;
    let with_use = |present: Present| Present { used: counted.get(&present.email).copied().unwrap_or(0), ..present };
    Ok(found.into_iter().map(with_use).collect())
}

/// The clients of the inbound from which the panel is seen, without what they have used.
async fn clients_of(panel: &Panel, generation: Generation) -> Result<Vec<Present>, Error> {
    let mut found = Vec::new();
    let mut take = |row: &[u8]| {
        found.push(serde_json::from_slice::<Value>(row).map(|row| present(&row, "id", None, vec![panel.inbound_id])));
        false
    };
    panel.inbound_with(generation, &mut take).await?;
    let broken = |_| Error::unexpected("a client that is no JSON");
    found.into_iter().map(|present| present.map_err(broken)?).collect()
}

/// Bytes used since the counter's last reset.
pub(super) async fn traffic(panel: &Panel, generation: Generation, email: &str) -> Result<i64, Error> {
    let request = Request::get(ROOT).with("getClientTraffics").with(email);
    match panel.ask(generation, request).await {
        Ok(traffic) => used(&traffic),
        // The row is there and its counter is not: nothing was counted.
        Err(error) if is_absence(&error) => Ok(0),
        Err(error) => Err(error),
    }
}

pub(super) async fn add(panel: &Panel, generation: Generation, row: Value) -> Result<(), Error> {
    let request = Request::post(ROOT).with("addClient").json(body(panel, &row));
    panel.ask(generation, request).await.map(drop)
}

pub(super) async fn update(panel: &Panel, generation: Generation, id: &str, row: Value) -> Result<(), Error> {
    let request = Request::post(ROOT).with("updateClient").with(id).json(body(panel, &row));
    panel.ask(generation, request).await.map(drop)
}

pub(super) async fn reset(panel: &Panel, generation: Generation, email: &str) -> Result<(), Error> {
    let request = Request::post(ROOT).with(&panel.inbound_id).with("resetClientTraffic").with(email);
    panel.ask(generation, request).await.map(drop)
}

pub(super) async fn delete(panel: &Panel, generation: Generation, id: &str) -> Result<(), Error> {
    let request = Request::post(ROOT).with(&panel.inbound_id).with("delClient").with(id);
    panel.ask(generation, request).await.map(drop)
}

/// Settings must be a text here; without `clients` in it the panel panics.
fn body(panel: &Panel, row: &Value) -> Value {
    json!({ "id": panel.inbound_id, "settings": json!({ "clients": [row] }).to_string() })
}
