//! The file and the machine: backup, restore, clean-up, outages, clock and disk.

pub mod backup;
pub mod clock_jumps;
pub mod condition;
pub mod disk_space;
pub mod durable_files;
pub mod encryption;
pub mod guild_setup;
pub mod housekeeping;
pub mod images;
pub mod instances;
pub mod lock;
pub mod outages;
pub mod reload;
pub mod restore;
