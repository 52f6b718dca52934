//! `export`: a period's orders as a table for the books, its totals to read beside it.

use std::{io::Write as _, path::Path};

use anyhow::Context as _;

use crate::{
    clock::Clock,
    config::Config,
    db,
    domain::{
        Money,
        books::ExportedTotal,
        revenue::{Period, day_of},
    },
    view::export,
};

use super::look;

/// Without a period the last days are exported, this many.
const DAYS: u32 = 30;

/// Writes the orders of a period as CSV into `out` (standard output without one), and its totals
/// into a second file beside it and onto standard error.
pub async fn export(
    config: &Config,
    clock: &Clock,
    period: Option<Period>,
    out: Option<&Path>,
) -> anyhow::Result<bool> {
    let zone = config.shop.timezone;
    let period = period.unwrap_or_else(|| Period::last_days(DAYS, day_of(clock.now(), zone)));
    let (from, until) = period.moments(zone);
    let db = look(config).await?;
    let read = async {
        anyhow::Ok((
            db::ledger::export::export_orders(&db, from, until).await?,
            db::ledger::export::export_totals(&db, from, until).await?,
        ))
    }
    .await;
    db.close().await;
    let (orders, totals) = read?;
    let table = export::orders(&orders, zone)?;
    match out {
        None => std::io::stdout().write_all(&table)?,
        Some(out) => {
            let beside = out.with_extension("totals.csv");
            write(out, &table)?;
            write(&beside, &export::totals(&totals)?)?;
            eprintln!("{}\n{}", out.display(), beside.display());
        }
    }
    tell(period, &totals, orders.len(), zone);
    Ok(true)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Standard output is the table's.
fn tell(period: Period, totals: &[ExportedTotal], orders: usize, zone: chrono_tz::Tz) {
    eprintln!("{period} ({zone}): {orders} orders");
    for total in totals {
        let method = if total.method.is_empty() { "-" } else { &total.method };
        let by = if total.reviewer.0 == 0 { "the bot".to_owned() } else { total.reviewer.to_string() };
        eprintln!("  {:<8} {method:<20} {by:<20} {:>6} {:>16}", total.source, total.events, total.amount.to_string());
    }
    for (source, sum) in sums(totals) {
        eprintln!("  {source:<8} {:<20} {:<20} {:>6} {:>16}", "total", "", "", sum.to_string());
    }
}

/// By source and currency: what was sold apart from what staff entered.
fn sums(totals: &[ExportedTotal]) -> Vec<(&str, Money)> {
    let mut sums: Vec<(&str, Money)> = Vec::new();
    for total in totals {
        let same =
            |(source, sum): &&mut (&str, Money)| *source == total.source && sum.currency == total.amount.currency;
        match sums.iter_mut().find(same) {
            Some((_, sum)) => sum.minor = sum.minor.saturating_add(total.amount.minor),
            None => sums.push((&total.source, total.amount)),
        }
    }
    sums
}
