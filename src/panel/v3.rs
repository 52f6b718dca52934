//! The routes of 3.1 and later: clients are rows of their own, attached to inbounds.

use serde_json::{Value, json};

use super::{
    ClientRecord, Error, Found, Generation, Snapshot, Target,
    connection::{Panel, is_absence},
    json_filter::ANSWER,
    record::{On, present, used},
    wire::Request,
};
use crate::domain::drift::Present;

const ROOT: &str = "panel/api/clients";

pub(super) async fn snapshot(panel: &Panel, generation: Generation, email: &str) -> Result<Snapshot, Error> {
    let (inbound, client) = tokio::try_join!(panel.inbound(generation), client(panel, generation, email))?;
    Ok(Snapshot { inbound, client })
}

pub(super) async fn find(panel: &Panel, generation: Generation, email: &str) -> Result<Option<Found>, Error> {
    let Some(obj) = get(panel, generation, email).await? else { return Ok(None) };
    let client = record(panel, &obj)?;
    let used_bytes = match obj.get("usedTraffic").and_then(Value::as_i64) {
        Some(used) => used,
        // 3.1 to 3.5 may not say it here.
        None => traffic(panel, generation, email).await?,
    };
    Ok(Some(Found { client, used_bytes }))
}

/// Bytes used since the counter's last reset; a client that was never counted has used none.
pub(super) async fn traffic(panel: &Panel, generation: Generation, email: &str) -> Result<i64, Error> {
    used(&panel.ask(generation, Request::get(ROOT).with("traffic").with(email)).await?)
}

/// Every client of the panel, also those on other inbounds.
pub(super) async fn clients(panel: &Panel, generation: Generation) -> Result<Vec<Present>, Error> {
    let mut found = Vec::new();
    let mut take = |_, row: &[u8]| {
        let row = serde_json::from_slice::<Value>(row).map_err(|_| Error::unexpected("a client that is no JSON"));
        found.push(row.and_then(|row| present(&row, "uuid", row.get("traffic"), inbounds(&row))));
        false
    };
    match panel.sift(generation, Request::get(ROOT).with("list").listing(&[ANSWER]), &mut take).await? {
        // An empty list of Go is null.
        Value::Array(_) | Value::Null => found.into_iter().collect(),
        _ => Err(Error::unexpected("a list of clients that is none")),
    }
}

/// The inbounds that a client is on.
fn inbounds(row: &Value) -> Vec<i64> {
    row.get("inboundIds").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64).collect()
}

pub(super) async fn client(panel: &Panel, generation: Generation, email: &str) -> Result<Option<ClientRecord>, Error> {
    get(panel, generation, email).await?.map(|obj| record(panel, &obj)).transpose()
}

async fn get(panel: &Panel, generation: Generation, email: &str) -> Result<Option<Value>, Error> {
    match panel.ask(generation, Request::get(ROOT).with("get").with(email)).await {
        Ok(obj) => Ok(Some(obj)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn record(panel: &Panel, obj: &Value) -> Result<ClientRecord, Error> {
    let (inbounds, ours) = (inbounds(obj), panel.inbound_id);
    let on = On { ours: inbounds.contains(&ours), others: inbounds.iter().any(|id| *id != ours) };
    ClientRecord::from_v3(obj.get("client").unwrap_or(&Value::Null), on)
}

pub(super) async fn add(panel: &Panel, generation: Generation, row: Value, target: &Target) -> Result<(), Error> {
    let body = json!({ "client": row, "inboundIds": [panel.inbound_id] });
    panel.ask(generation, Request::post(ROOT).with("add").json(body)).await?;
    if target.enabled {
        return Ok(());
    }
    // "enable": false is ignored when a client is made.
    match client(panel, generation, &target.email).await? {
        Some(made) => panel.set_enabled(generation, &made, false).await,
        None => Err(Error::NotDone { what: "a client that it added is not there" }),
    }
}

pub(super) async fn update(panel: &Panel, generation: Generation, email: &str, row: Value) -> Result<(), Error> {
    panel.ask(generation, Request::post(ROOT).with("update").with(email).json(row)).await.map(drop)
}

pub(super) async fn switch(panel: &Panel, generation: Generation, email: &str, enabled: bool) -> Result<(), Error> {
    let route = if enabled { "bulkEnable" } else { "bulkDisable" };
    let obj = panel.ask(generation, Request::post(ROOT).with(route).json(json!({ "emails": [email] }))).await?;
    let skipped = obj.pointer("/skipped/0/reason").and_then(Value::as_str);
    match skipped {
        // A client that is already as wanted may be skipped too: only this one is a refusal.
        Some(reason) if reason.contains("not found") => Err(Error::refused(reason)),
        _ => Ok(()),
    }
}

pub(super) async fn reset(panel: &Panel, generation: Generation, email: &str) -> Result<(), Error> {
    panel.ask(generation, Request::post(ROOT).with("resetTraffic").with(email)).await.map(drop)
}

pub(super) async fn delete(panel: &Panel, generation: Generation, email: &str) -> Result<(), Error> {
    panel.ask(generation, Request::post(ROOT).with("del").with(email)).await.map(drop)
}
