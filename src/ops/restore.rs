//! `restore`: a backup takes the place of the database, or everything stays as it is.
//!
//! It changes nothing on a panel and nothing on Discord: effects are held until a person has
//! read the report and releases them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::{
    clock::Clock,
    config::Config,
    db::{
        self, DataDirLock, Db,
        maintenance::backup,
        maintenance::encryption,
        maintenance::restore::{Contents, Restoration, bring_pictures_back, draft, examine, replace},
    },
    domain::drift::{self, Compared, Differs, Drift, Expected, Kept, Present},
    panels,
};

/// A copy of the backup while it is examined and prepared.
const DRAFT: &str = "restoring.db";

/// Replaces the database by the backup in `file`. `Ok(false)` = it was refused, nothing changed.
pub async fn restore(config: &Config, clock: &Clock, file: &Path) -> anyhow::Result<bool> {
    let data_dir = &config.storage.data_dir;
    let _alone = DataDirLock::take(data_dir)?;
    let copy = data_dir.join(DRAFT);
    remove_draft(&copy)?;
    let done = replace_by(config, clock, file, &copy).await;
    remove_draft(&copy)?;
    let Some(safety) = done? else { return Ok(false) };
    match safety {
        Some(safety) => println!("The database that was there is kept as {}.", safety.display()),
        None => println!("There was no database before."),
    }
    pictures(file, data_dir)?;
    println!();
    compare(config, clock).await?;
    println!();
    println!("Nothing was changed on a panel or on Discord. What the backup still wanted to do is held:");
    println!("once the above is as it should be, start the bot with `tollkeeper run --release-outbox`, or start it");
    println!("as always and press Release below `/admin status` on Discord, which is for owners.");
    Ok(true)
}

/// `None` = refused; `Some(None)` = done, and nothing was there before.
async fn replace_by(
    config: &Config,
    clock: &Clock,
    file: &Path,
    copy: &Path,
) -> anyhow::Result<Option<Option<PathBuf>>> {
    let data_dir = &config.storage.data_dir;
    let path = data_dir.join("tollkeeper.db");
    bring(config, file, copy).await?;
    let contents = match examine(copy).await {
        Ok(contents) => contents,
        Err(why) => {
            eprintln!("{} is not restored: {why}.", file.display());
            eprintln!("Nothing was changed.");
            return Ok(None);
        }
    };
    describe(file, &contents);
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let replaced = head(&path, config).await;
    // Opened as the bot will: its tables are brought to this version.
    let db = Db::open(copy, config.shop.timezone).await.context("the copy cannot be prepared")?;
    let settled = db::maintenance::restore::settle_restored(
        &db,
        &Restoration { file: &name, contents: &contents, replaced },
        clock.now(),
    )
    .await;
    db.close().await;
    settled.context("the copy cannot be prepared")?;
    let left = beside(copy, "-wal");
    anyhow::ensure!(!left.exists(), "{} is still in use; nothing was changed", copy.display());
    Ok(Some(replace(copy, &path, clock.now()).context("the database cannot be replaced")?))
}

/// Copies or decrypts the backup into the data directory: the file itself is never opened by SQLite.
async fn bring(config: &Config, file: &Path, copy: &Path) -> anyhow::Result<()> {
    let is_sealed = file.extension().is_some_and(|ending| ending == encryption::ENDING);
    let (from, to) = (file.to_owned(), copy.to_owned());
    let brought = if is_sealed {
        let Some(passphrase) = config.backup_passphrase.clone() else {
            anyhow::bail!("{} is encrypted; set BACKUP_PASSPHRASE to the passphrase it was made with", file.display());
        };
        tokio::task::spawn_blocking(move || encryption::open(&from, &to, &passphrase)).await?
    } else {
        tokio::task::spawn_blocking(move || draft(&from, &to)).await?
    };
    let what = if is_sealed { "cannot be decrypted" } else { "cannot be read" };
    brought.with_context(|| format!("{} {what}; nothing was changed", file.display()))
}

fn describe(file: &Path, contents: &Contents) {
    println!("{}", file.display());
    if let Some(at) =
        file.file_name().and_then(|name| backup::taken_at(name.to_string_lossy().trim_end_matches(".age")))
    {
        println!("  taken          {}", moment(at.0));
    }
    if let Some(at) = contents.last_entry {
        println!("  last entry     {}", moment(at.0));
    }
    println!("  orders         {}", contents.orders);
    println!("  effects        {} still to be done then", contents.effects);
    println!("  audit log      whole, {} entries, head {}", contents.audit_entries, contents.audit_head);
    println!();
}

fn moment(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default().format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The last audit entry of the database that is replaced, where that can still be read.
async fn head(path: &Path, config: &Config) -> Option<(i64, String)> {
    if !path.exists() {
        return None;
    }
    let db = Db::open_read_only(path, config.shop.timezone).await.ok()?;
    let head = db::audit::verify_audit(&db).await;
    db.close().await;
    head.ok()?.ok()
}

fn pictures(file: &Path, data_dir: &Path) -> anyhow::Result<()> {
    let beside = file.parent().unwrap_or(Path::new(".")).join(backup::PICTURES);
    let back = bring_pictures_back(&beside, data_dir).context("the pictures beside the backup cannot be copied")?;
    if back.copied > 0 {
        println!("{} pictures that were missing or damaged came back from {}.", back.copied, beside.display());
    }
    if back.damaged > 0 {
        println!("{} pictures in {} are damaged and stay behind.", back.damaged, beside.display());
    }
    Ok(())
}

/// Says which clients have no order and which orders have no client. Reads only.
async fn compare(config: &Config, clock: &Clock) -> anyhow::Result<()> {
    let path = config.storage.data_dir.join("tollkeeper.db");
    let db = Db::open_read_only(&path, config.shop.timezone).await?;
    let expected = db::access::clients::expected_clients(&db).await;
    db.close().await;
    let mut expected = expected?;
    // What the backup still wanted to write is held: it says nothing about the panel.
    for client in &mut expected {
        client.unsettled = false;
    }
    let sold = |client: &&Expected| matches!(client.kept, Kept::Active | Kept::Disabled);
    for panel in &config.panels {
        if panel.credentials.api_token.is_none() && panel.credentials.login.is_none() {
            println!("Panel {}: not compared, its secrets are not set here.", panel.name);
            continue;
        }
        let reader = panels::client(panel, config, clock)?.reader();
        match reader.clients(&drift::inbounds(&expected, &panel.name)).await {
            Ok(found) => {
                let books: Vec<_> = expected.iter().filter(|client| client.panel == panel.name).collect();
                let compared = drift::compare((&panel.name, panel.inbound_id), &expected, &found, clock.now());
                differences(&panel.name, &books, &found, &compared);
            }
            Err(error) => println!("Panel {}: not compared, {error}.", panel.name),
        }
    }
    for name in expected.iter().filter(sold).map(|client| &client.panel).collect::<BTreeSet<_>>() {
        if !config.panels.iter().any(|panel| panel.name == *name) {
            println!("Panel {name}: not in the configuration, but the backup has clients on it.");
        }
    }
    Ok(())
}

fn differences(panel: &str, books: &[&Expected], found: &[Present], compared: &Compared) {
    let Compared::Done { drifts, .. } = compared else { return };
    let expected = books.iter().filter(|client| matches!(client.kept, Kept::Active | Kept::Disabled)).count();
    let is_there = |email: &str| found.iter().any(|client| client.email.to_lowercase() == email);
    let begun = books.iter().filter(|client| client.in_the_making() && is_there(&client.email));
    let missing: Vec<_> = drifts.iter().filter(|drift| drift.differs == Differs::Missing).collect();
    // Clients that were made by hand have names of their own, and are nobody's business here.
    let is_ours = |drift: &&Drift| drift.email.to_lowercase().starts_with(drift::OURS);
    let without = |drift: &&Drift| matches!(drift.differs, Differs::EmailTaken | Differs::Leftover);
    let strangers: Vec<_> = drifts.iter().filter(without).filter(is_ours).collect();
    println!("Panel {panel}: {expected} clients expected, {} found.", expected - missing.len());
    for drift in &missing {
        match &drift.order {
            Some((order, status)) => println!("  order {order} ({status}) has no client {}", drift.email),
            None => println!("  client {} is not there", drift.email),
        }
    }
    for (client, (order, _)) in begun.filter_map(|client| client.order.as_ref().map(|order| (client, order))) {
        println!("  client {} belongs to order {order}, which was being set up then and is gone on with", client.email);
    }
    for drift in &strangers {
        println!("  client {} has no order in this backup", drift.email);
    }
    if missing.is_empty() && strangers.is_empty() {
        println!("  every order has its client, and every client of ours its order");
    }
}

fn remove_draft(copy: &Path) -> anyhow::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let path = beside(copy, ending);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
