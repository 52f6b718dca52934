//! Proof intake: every file that a customer sends comes in here or not at all.
//!
//! It decides what is a picture that staff can look at, and keeps the original. It never trusts a
//! name or a content type, never decodes before it knows the size, and never decides what a
//! picture is worth: duplicates are `domain::proofs`, money is for people.
//!
//! Nothing of what staff see is the customer's file: the card shows a copy made from the decoded
//! pixels, without metadata and without whatever else the file may carry.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::domain::picture::{ImageMetadata, PictureHash, PictureRefused};

mod decode;
mod fetch;
mod format;
mod image_store;
mod jpeg;
mod metadata;

pub use fetch::FetchError;
pub use format::Format;

/// The largest file that is taken, in bytes; Discord's own limit for everybody is 10 MiB.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The most pixels that are decoded as they are: more than any screenshot has.
pub const MAX_PIXELS: u64 = 24_000_000;

/// The most pixels of a JPEG, which is decoded scaled down: telephones' photos have 48 and 50 million.
pub const MAX_PIXELS_JPEG: u64 = 64_000_000;

/// Fetches, examines and keeps pictures. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ProofIntake {
    http: reqwest::Client,
    folder: PathBuf,
    /// One picture is decoded at a time: it may take 150 MB while it is looked at.
    decoding: Arc<Semaphore>,
}

/// A picture that was examined and found good.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The file as it was sent.
    pub bytes: Vec<u8>,
    /// What kind of file it is.
    pub format: Format,
    /// In pixels, as stored in the file.
    pub width: u32,
    /// In pixels, as stored in the file.
    pub height: u32,
    /// SHA-256 of the file's bytes: the picture's name on disk and in the duplicate rule.
    pub hash: PictureHash,
    /// SHA-256 of size and decoded pixels (of a large JPEG: those decoded scaled down): the same for
    /// the same picture saved another way without loss. A flag for staff, never a verdict.
    pub pixel_hash: PictureHash,
    /// What the file says about itself.
    pub told: ImageMetadata,
    /// The copy for the review card.
    pub card: Card,
}

/// The copy that staff see: a JPEG without metadata, at most 2048 pixels long and 2 MB large, but
/// never so narrow that a scrolling screenshot cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub bytes: Vec<u8>,
}

impl Card {
    /// The name under which it is attached.
    pub const FILE_NAME: &str = "proof.jpg";
}

impl ProofIntake {
    /// A door that keeps its pictures under `data_dir`, and reaches Discord directly or through
    /// `rest_proxy`, whose certificates `ca_pem` vouches for.
    pub fn new(data_dir: &Path, rest_proxy: Option<&str>, ca_pem: Option<&[u8]>) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: fetch::client(rest_proxy, ca_pem)?,
            folder: data_dir.join("screenshots"),
            decoding: Arc::new(Semaphore::new(1)),
        })
    }

    /// Downloads an attachment from Discord's file store, never more than [`MAX_BYTES`].
    /// `declared_size` is what Discord said about it; a file that is surely refused costs no call.
    pub async fn fetch(&self, url: &str, declared_size: u64) -> Result<Vec<u8>, FetchError> {
        fetch::fetch(&self.http, url, declared_size).await
    }

    /// Looks at a file: is it a picture, can it be read, which one is it.
    pub async fn examine(&self, bytes: Vec<u8>) -> Result<Picture, PictureRefused> {
        // The semaphore is never closed; were it, one picture more at a time would do no harm.
        let permit = Arc::clone(&self.decoding).acquire_owned().await.ok();
        let examined = spawn_blocking(move || {
            let _permit = permit;
            let format = format::look(&bytes)?;
            decode::picture(bytes, format)
        });
        // A decoder that panics has met a file that nobody can look at.
        examined.await.unwrap_or(Err(PictureRefused::Damaged))
    }

    /// Writes the original to disk, under its hash, so that it is there when this returns. Call it
    /// before the row is committed: a file without a row is litter, a row without its file a lie.
    pub async fn keep(&self, picture: &Picture) -> io::Result<PathBuf> {
        let (folder, hash, format) = (self.folder.clone(), picture.hash, picture.format);
        let bytes = picture.bytes.clone();
        spawn_blocking(move || image_store::keep(&folder, hash, format, &bytes)).await.map_err(io::Error::other)?
    }

    /// The original with this hash; `NotFound` when it was never kept, `InvalidData` when the disk
    /// no longer holds what was written.
    pub async fn load(&self, hash: PictureHash) -> io::Result<Vec<u8>> {
        let folder = self.folder.clone();
        spawn_blocking(move || image_store::load(&folder, hash)).await.map_err(io::Error::other)?
    }

    /// The card's copy of a kept picture, made again from the original.
    pub async fn card(&self, hash: PictureHash) -> io::Result<Card> {
        let bytes = self.load(hash).await?;
        self.examine(bytes).await.map(|picture| picture.card).map_err(io::Error::other)
    }
}
