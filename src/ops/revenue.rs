//! `revenue verify`: whether roll-up, ledger and orders say the same about the money.

use crate::{config::Config, domain::Money};

use super::look;

/// Compares the three and prints what it found; a running bot is not disturbed. `Ok(false)` =
/// something does not fit.
pub async fn verify(config: &Config) -> anyhow::Result<bool> {
    let db = look(config).await?;
    let (found, stale) = (db.recount().await?, db.revenue_stale().await?);
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
