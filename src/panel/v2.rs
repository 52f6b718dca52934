//! The routes of 2.6 to 2.9: clients are rows in the text of their inbound's settings.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    ClientRecord, Error, Found, Generation, Snapshot,
    call::{Panel, is_absence},
    inbound,
    record::present,
    wire::Request,
};
use crate::domain::drift::Present;

const ROOT: &str = "panel/api/inbounds";

pub(super) async fn snapshot(panel: &Panel, generation: Generation, email: &str) -> Result<Snapshot, Error> {
    let (inbound, rows) = panel.inbound(generation).await?;
    let ours = |row: &&Value| row["email"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(email));
    let client = rows.iter().find(ours).map(ClientRecord::from_v2).transpose()?;
    Ok(Snapshot { inbound, client })
}

pub(super) async fn find(panel: &Panel, generation: Generation, email: &str) -> Result<Option<Found>, Error> {
    let Some(client) = snapshot(panel, generation, email).await?.client else { return Ok(None) };
    let used_bytes = traffic(panel, generation, email).await?;
    Ok(Some(Found { client, used_bytes }))
}

/// Whether another client of the inbound has this one's uuid.
pub(super) async fn shares_uuid(panel: &Panel, generation: Generation, record: &ClientRecord) -> Result<bool, Error> {
    let (_, rows) = panel.inbound(generation).await?;
    let uuid = record.uuid.to_string();
    let others =
        rows.iter().filter(|row| row["email"].as_str().is_none_or(|name| !name.eq_ignore_ascii_case(&record.email)));
    let mut theirs = others.filter_map(|row| row["id"].as_str());
    Ok(theirs.any(|id| id.eq_ignore_ascii_case(&uuid)))
}

/// Every client of the inbound we sell. Only the list of inbounds has their counters with them.
pub(super) async fn clients(panel: &Panel, generation: Generation) -> Result<Vec<Present>, Error> {
    let Value::Array(inbounds) = panel.ask(generation, Request::get(ROOT).with("list")).await? else {
        return Err(Error::unexpected("a list of inbounds that is none"));
    };
    let sold = inbounds.into_iter().find(|inbound| inbound["id"].as_i64() == Some(panel.inbound_id));
    let Some(sold) = sold else {
        return Err(Error::Refused { message: format!("inbound {} is not on it", panel.inbound_id) });
    };
    let counters = sold["clientStats"].as_array().cloned().unwrap_or_default();
    let (_, rows) = inbound::read(sold)?;
    let counters: HashMap<_, _> = counters.iter().map(|counter| (counter["email"].as_str(), counter)).collect();
    rows.iter().map(|row| present(row, "id", counters.get(&row["email"].as_str()).copied(), true)).collect()
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

/// Bytes up and down of a traffic row; no row is no traffic.
pub(super) fn used(traffic: &Value) -> Result<i64, Error> {
    if traffic.is_null() {
        return Ok(0);
    }
    let number = |key: &str| traffic.get(key).and_then(Value::as_i64);
    match (number("up"), number("down")) {
        (Some(up), Some(down)) => Ok(up.saturating_add(down)),
        _ => Err(Error::BrokenClient { what: "its counter has no numbers".to_owned() }),
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
