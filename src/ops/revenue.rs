//! `revenue show`: what a period brought. `revenue verify`: whether roll-up, ledger and orders say
//! the same about the money.

use crate::{
    config::Config,
    db,
    domain::{
        Money,
        revenue::{Period, Sum},
    },
};

use super::look;

/// Prints what a period of the shop's days brought, by method and by plan.
pub async fn show(config: &Config, period: Period) -> anyhow::Result<bool> {
    let db = look(config).await?;
    let (found, stale) =
        (db::ledger::revenue::revenue(&db, period).await?, db::ledger::revenue::revenue_stale(&db).await?);
    db.close().await;
    let line = |name: &str, sum: Sum| {
        let amount = Money::new(sum.minor, config.shop.currency).to_string();
        println!("  {name:<32} {:>6} {amount:>16}", sum.sales);
    };
    println!("{period} ({}), by the time of approval:", config.shop.timezone);
    for (method, sum) in &found.by_method {
        line(method, *sum);
    }
    for (plan, sum) in &found.by_plan {
        line(&format!("plan {plan}"), *sum);
    }
    line("total", found.total);
    line("entered by staff, not counted", found.manual);
    if stale.is_some() {
        println!("The roll-up is marked stale; the running bot builds it anew within schedule.revenue_cache.");
    }
    Ok(true)
}

/// Compares the three and prints what it found; a running bot is not disturbed. `Ok(false)` =
/// something does not fit.
pub async fn verify(config: &Config) -> anyhow::Result<bool> {
    let db = look(config).await?;
    let (found, stale) = (db::ledger::rebuild::rebuild(&db).await?, db::ledger::revenue::revenue_stale(&db).await?);
    db.close().await;
    let total = Money::new(found.minor, config.shop.currency);
    println!("The ledger has {} entries, {total} in all.", found.entries);
    if stale.is_some() {
        println!("The roll-up is marked stale; the running bot builds it anew within schedule.revenue_cache.");
    }
    if found.wrong.is_empty() {
        println!("Roll-up, ledger and orders agree.");
        return Ok(true);
    }
    for problem in &found.wrong {
        println!("{problem}");
    }
    Ok(false)
}
