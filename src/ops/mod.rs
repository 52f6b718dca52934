//! What the command line does besides run.
//!
//! `backup`, `export`, `audit verify` and `check` only look, beside a running bot; `restore`
//! needs the data directory for itself. Each prints what it found and says whether all was well.

use anyhow::Context as _;

use crate::{config::Config, db::Db};

pub mod audit;
pub mod backup;
pub mod check;
pub mod export;
pub mod owner;
pub mod restore;
pub mod revenue;

/// Opens the database to look at it.
async fn look(config: &Config) -> anyhow::Result<Db> {
    let path = config.storage.data_dir.join("tollkeeper.db");
    anyhow::ensure!(
        path.exists(),
        "there is no database at {}; `tollkeeper run` makes one, or storage.data_dir names another folder",
        path.display()
    );
    Db::open_read_only(&path, config.shop.timezone).await.with_context(|| format!("cannot open {}", path.display()))
}
