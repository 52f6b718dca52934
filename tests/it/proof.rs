//! The door for pictures: what is taken, what is refused and with which reason, what stays on disk.

use std::{fs, io::Write as _, sync::Arc, time::Duration};

use flate2::{Compression, Crc, write::ZlibEncoder};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, rustls};
use tollkeeper::{
    domain::picture::{PictureHash, PictureRefused},
    proof::{FetchError, Format, MAX_BYTES, Picture, ProofIntake},
};

fn door() -> (tempfile::TempDir, ProofIntake) {
    let folder = tempfile::tempdir().unwrap();
    let door = ProofIntake::new(folder.path(), None, None).unwrap();
    (folder, door)
}

async fn examine(bytes: Vec<u8>) -> Result<Picture, PictureRefused> {
    door().1.examine(bytes).await
}

/// A picture with something on it, so that no two sizes have the same pixels.
fn receipt(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 128])).into()
}

fn saved_as(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png_chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap();
    [&length.to_be_bytes()[..], &kind, data, &crc.sum().to_be_bytes()].concat()
}

/// A valid black PNG of one bit per pixel: enormous when decoded, tiny as a file.
pub(crate) fn bomb(side: u32) -> Vec<u8> {
    let row = vec![0; 1 + usize::try_from(side.div_ceil(8)).unwrap()];
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..side {
        packed.write_all(&row).unwrap();
    }
    let header = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk(*b"IHDR", &header),
        png_chunk(*b"IDAT", &packed.finish().unwrap()),
        png_chunk(*b"IEND", &[]),
    ]
    .concat()
}

pub(crate) fn animated_png() -> Vec<u8> {
    let still = saved_as(&receipt(200, 200), ImageFormat::Png);
    let (frames, plays) = (2_u32.to_be_bytes(), 0_u32.to_be_bytes());
    let control = png_chunk(*b"acTL", &[frames, plays].concat());
    let side = 200_u32.to_be_bytes();
    let frame = png_chunk(*b"fcTL", &[&[0; 4][..], &side, &side, &[0; 8], &[0, 1, 0, 10, 0, 0]].concat());
    // The first chunk, IHDR, ends at byte 33.
    [&still[..33], &control, &frame, &still[33..]].concat()
}

fn riff_chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap();
    let padding = if data.len() % 2 == 1 { &[0][..] } else { &[] };
    [&kind[..], &length.to_le_bytes(), data, padding].concat()
}

fn animated_webp() -> Vec<u8> {
    let still = saved_as(&receipt(200, 200), ImageFormat::WebP);
    let side = [199, 0, 0];
    let extended = riff_chunk(*b"VP8X", &[&[2, 0, 0, 0][..], &side, &side].concat());
    let loops = riff_chunk(*b"ANIM", &[0; 6]);
    let frame = riff_chunk(*b"ANMF", &[&[0; 6][..], &side, &side, &[100, 0, 0], &[0], &still[12..]].concat());
    riff_chunk(*b"RIFF", &[b"WEBP".to_vec(), extended, loops, frame.clone(), frame].concat())
}

#[tokio::test]
async fn pictures_of_each_kind_are_taken_whatever_they_are_called() {
    for (format, ours) in
        [(ImageFormat::Png, Format::Png), (ImageFormat::Jpeg, Format::Jpeg), (ImageFormat::WebP, Format::Webp)]
    {
        let picture = examine(saved_as(&receipt(540, 1200), format)).await.unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (ours, 540, 1200));
        let card = image::load_from_memory_with_format(&picture.card.bytes, ImageFormat::Jpeg).unwrap();
        assert_eq!((card.width(), card.height()), (540, 1200));
    }
}

#[tokio::test]
async fn files_that_are_no_pictures_are_refused_each_by_its_name() {
    let html = b"<!DOCTYPE html><html><body><svg></svg></body></html>".to_vec();
    let svg = b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec();
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let gif = b"GIF89a\x01\0\x01\0\0\0\0;".to_vec();
    let pdf = b"%PDF-1.7\n".to_vec();
    let zip = b"PK\x03\x04 a picture.png".to_vec();
    let small = saved_as(&receipt(99, 99), ImageFormat::Png);
    let strip = saved_as(&receipt(2000, 10), ImageFormat::Png);
    let refused = [
        ("html", html, PictureRefused::NotAPicture),
        ("svg", svg, PictureRefused::Svg),
        ("heic", heic, PictureRefused::Heic),
        ("avif", b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf".to_vec(), PictureRefused::Avif),
        ("avif of a family", b"\0\0\0\x18ftypmif1\0\0\0\0avifmiaf".to_vec(), PictureRefused::Avif),
        ("jpeg xl", b"\xff\x0a\x7a\x1f".to_vec(), PictureRefused::JpegXl),
        ("jpeg xl in a box", b"\0\0\0\x0cJXL \r\n\x87\n".to_vec(), PictureRefused::JpegXl),
        ("bmp", [&b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"[..], &[0; 52]].concat(), PictureRefused::Bmp),
        ("a text", b"BMW M3, paid yesterday".to_vec(), PictureRefused::NotAPicture),
        ("tiff", b"II*\0\x08\0\0\0".to_vec(), PictureRefused::Tiff),
        ("film", b"\0\0\0\x18ftypmp42\0\0\0\0isommp42".to_vec(), PictureRefused::Film),
        ("gif", gif, PictureRefused::Gif),
        ("pdf", pdf, PictureRefused::Pdf),
        ("zip", zip, PictureRefused::NotAPicture),
        ("empty", Vec::new(), PictureRefused::Empty),
        ("one byte", vec![0xff], PictureRefused::NotAPicture),
        ("large", vec![0xff; MAX_BYTES + 1], PictureRefused::TooLarge),
        ("animated png", animated_png(), PictureRefused::Animated),
        ("animated webp", animated_webp(), PictureRefused::Animated),
        ("small", small, PictureRefused::TooSmall),
        ("strip", strip, PictureRefused::TooSmall),
    ];
    for (what, bytes, why) in refused {
        assert_eq!(examine(bytes).await.map(|_| ()), Err(why), "{what}");
    }
}

#[tokio::test]
async fn a_bomb_is_refused_before_it_is_decoded() {
    let bomb = bomb(20_000);
    assert!(bomb.len() < 60_000, "{} bytes", bomb.len());
    let before = peak_kilobytes();
    assert_eq!(examine(bomb).await.map(|_| ()), Err(PictureRefused::TooManyPixels));
    // Decoded it would take 400 MB; other tests of this binary run meanwhile and take their part.
    assert!(peak_kilobytes() - before < 200_000, "{} KB more at the peak", peak_kilobytes() - before);
}

/// The most memory this process ever had, 0 where the system does not say.
fn peak_kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn a_truncated_picture_is_refused_wherever_it_ends() {
    let (_folder, door) = door();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let whole = saved_as(&receipt(300, 300), format);
        // Up to where only the PNG's closing chunk is missing, after all of its pixels.
        let end = whole.len() - 16;
        for length in (16..end).step_by(1 + end / 40) {
            let cut = door.examine(whole[..length].to_vec()).await.map(|_| ());
            assert_eq!(cut, Err(PictureRefused::Damaged), "{format:?} cut at {length} of {}", whole.len());
        }
    }
}

#[tokio::test]
async fn nonsense_inside_a_picture_gets_an_answer() {
    let (_folder, door) = door();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let whole = saved_as(&receipt(120, 120), format);
        for seed in 0..60_usize {
            let mut bytes = whole.clone();
            let place = 8 + (seed * 7919) % (bytes.len() - 8);
            bytes[place] ^= 0x55;
            // Some changes leave a picture, others do not; a panic in a decoder would be `Damaged`
            // too, but it would also be printed.
            match door.examine(bytes).await {
                Ok(picture) => assert!(!picture.card.bytes.is_empty()),
                Err(why) => assert!(!matches!(why, PictureRefused::Empty | PictureRefused::TooLarge), "{why}"),
            }
        }
    }
}

#[tokio::test]
async fn the_same_pixels_are_known_again_in_another_file() {
    let picture = receipt(400, 300);
    let png = examine(saved_as(&picture, ImageFormat::Png)).await.unwrap();
    let webp = examine(saved_as(&picture, ImageFormat::WebP)).await.unwrap();
    let with_alpha = examine(saved_as(&picture.to_rgba8().into(), ImageFormat::Png)).await.unwrap();
    let other = examine(saved_as(&receipt(401, 300), ImageFormat::Png)).await.unwrap();
    assert_ne!(png.hash, webp.hash);
    assert_eq!(png.pixel_hash, webp.pixel_hash);
    assert_eq!(png.pixel_hash, with_alpha.pixel_hash);
    assert_ne!(png.pixel_hash, other.pixel_hash);
}

#[tokio::test]
async fn a_wrong_checksum_is_passed_over_as_viewers_do() {
    let whole = saved_as(&receipt(300, 400), ImageFormat::Png);
    let card = examine(whole.clone()).await.unwrap().card;
    // Of the header, of the pixels, of the end; then of the stream inside the pixels.
    let end = whole.len();
    for place in [29, end - 16, end - 4, end - 17] {
        let mut wrong = whole.clone();
        wrong[place] ^= 0xff;
        assert_eq!(examine(wrong).await.map(|picture| picture.card), Ok(card.clone()), "{place} of {end}");
    }
}

#[tokio::test]
async fn a_scrolling_screenshot_stays_readable_on_the_card() {
    for (width, height) in [(1080, 6000), (1080, 20_000), (6000, 720)] {
        let picture = examine(saved_as(&receipt(width, height), ImageFormat::Jpeg)).await.unwrap();
        let card = image::load_from_memory(&picture.card.bytes).unwrap();
        let (longer, shorter) = (card.width().max(card.height()), card.width().min(card.height()));
        assert!(shorter >= 500 && longer <= 16_383, "{width} × {height}: {longer} × {shorter}");
        let turned = u64::from(card.width()) * u64::from(height) * 100 / (u64::from(card.height()) * u64::from(width));
        assert!((98..=102).contains(&turned), "{turned} % of its shape");
        assert!(picture.card.bytes.len() <= 8 * 1024 * 1024);
    }
}

#[tokio::test]
async fn a_telephones_photo_of_48_megapixels_is_looked_at_scaled_down() {
    let mut progressive = Vec::new();
    let packed = include_bytes!("../pictures/progressive-48-megapixels.jpg.gz");
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut progressive).unwrap();
    let before = peak_kilobytes();
    let picture = examine(progressive.clone()).await.unwrap();
    // As it is, it would take 430 MB; other tests of this binary run meanwhile and take their part.
    assert!(peak_kilobytes() - before < 250_000, "{} KB more at the peak", peak_kilobytes() - before);
    assert_eq!((picture.width, picture.height), (8000, 6000));
    let card = image::load_from_memory(&picture.card.bytes).unwrap().into_rgb8();
    assert_eq!(card.dimensions(), (2000, 1500));
    let Rgb([red, green, blue]) = *card.get_pixel(1999, 10);
    assert!(red > 240 && green > 240 && blue > 235, "paper is white: {red} {green} {blue}");

    let half = [&progressive[..progressive.len() / 2], &[0xff, 0xd9]].concat();
    assert_eq!(
        examine(half).await.map(|_| ()),
        Err(PictureRefused::Damaged),
        "half a picture, with an end put behind it"
    );
}

#[tokio::test]
async fn the_card_is_small_and_carries_nothing_of_the_file() {
    let plain = saved_as(&receipt(300, 300), ImageFormat::Png);
    let note = png_chunk(*b"tEXt", b"Comment\0taken at 30.0444 N 31.2357 E");
    let telling = [&plain[..33], &note, &plain[33..], b"and something behind"].concat();
    let card = examine(telling).await.unwrap().card;
    let carries = |text: &[u8]| card.bytes.windows(text.len()).any(|window| window == text);
    assert!(!carries(b"30.0444") && !carries(b"behind"));

    // Noise is the worst that can be encoded.
    let mut state = 1_u32;
    let noise = RgbImage::from_fn(2100, 1500, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let [red, green, blue, _] = state.to_le_bytes();
        Rgb([red, green, blue])
    });
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 60).encode_image(&noise).unwrap();
    let picture = examine(bytes).await.unwrap();
    assert_eq!((picture.width, picture.height), (2100, 1500));
    let card = image::load_from_memory(&picture.card.bytes).unwrap();
    assert!(card.width() <= 2048 && card.height() <= 2048 && picture.card.bytes.len() <= 2 * 1024 * 1024);
}

#[tokio::test]
async fn what_transparency_hides_stays_hidden() {
    let hidden = RgbaImage::from_pixel(200, 200, Rgba([255, 0, 0, 0]));
    let picture = examine(saved_as(&hidden.into(), ImageFormat::Png)).await.unwrap();
    let card = image::load_from_memory(&picture.card.bytes).unwrap().into_rgb8();
    let Rgb([red, green, blue]) = *card.get_pixel(100, 100);
    assert!(red > 250 && green > 250 && blue > 250);
}

#[tokio::test]
async fn the_original_stays_on_disk_under_its_hash() {
    let (folder, door) = door();
    let bytes = saved_as(&receipt(300, 300), ImageFormat::Jpeg);
    let picture = door.examine(bytes.clone()).await.unwrap();
    let path = door.keep(&picture).await.unwrap();
    let name = picture.hash.to_string();
    assert_eq!(path, folder.path().join("screenshots").join(&name[..2]).join(format!("{name}.jpg")));
    assert_eq!(door.keep(&picture).await.unwrap(), path, "twice is once");
    assert_eq!(door.load(picture.hash).await.unwrap(), bytes);
    assert_eq!(door.card(picture.hash).await.unwrap(), picture.card);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
}

#[tokio::test]
async fn a_lost_or_changed_original_is_noticed() {
    let (_folder, door) = door();
    let picture = door.examine(saved_as(&receipt(300, 300), ImageFormat::Png)).await.unwrap();
    assert_eq!(door.load(picture.hash).await.unwrap_err().kind(), std::io::ErrorKind::NotFound);
    let path = door.keep(&picture).await.unwrap();
    fs::write(&path, "something else").unwrap();
    assert_eq!(door.load(picture.hash).await.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
}

#[test]
fn a_hash_comes_back_from_its_text() {
    let hash = PictureHash([0xab; 32]);
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert!("abc".parse::<PictureHash>().is_err());
}

/// Discord's file store behind a proxy: a CONNECT front, TLS with a certificate of its own, and
/// one answer for each path.
struct FileStore {
    listener: TcpListener,
    tls: TlsAcceptor,
    ca_pem: String,
    file: Vec<u8>,
}

impl FileStore {
    async fn with(file: Vec<u8>) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["cdn.discordapp.com".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, tls: Arc::new(config).into(), ca_pem: made.cert.pem(), file }
    }

    /// Fetches `path` while the store answers.
    async fn gives(&self, path: &str, declared_size: u64) -> Result<Vec<u8>, FetchError> {
        let folder = tempfile::tempdir().unwrap();
        let proxy = format!("http://{}", self.listener.local_addr().unwrap());
        let door = ProofIntake::new(folder.path(), Some(&proxy), Some(self.ca_pem.as_bytes())).unwrap();
        let url = format!("https://cdn.discordapp.com{path}?ex=1&hm=signed");
        let fetched = tokio::time::timeout(Duration::from_secs(30), door.fetch(&url, declared_size));
        tokio::select! {
            fetched = fetched => fetched.expect("the door waits for ever"),
            () = self.serve() => unreachable!("the store never ends"),
        }
    }

    async fn serve(&self) {
        loop {
            let (stream, _) = self.listener.accept().await.unwrap();
            // A client that goes away in the middle is a client that has seen enough.
            self.answer(stream).await.ok();
        }
    }

    async fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        assert!(head(&mut stream).await?.starts_with("CONNECT cdn.discordapp.com:443"));
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        let mut stream = BufReader::new(self.tls.accept(stream).await?);
        let request = head(&mut stream).await?;
        assert!(!request.to_ascii_lowercase().contains("authorization"));
        let path = request.split([' ', '?']).nth(1).unwrap_or_default();
        let sized = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", self.file.len());
        match path {
            "/file.png" => stream.write_all(&[sized.as_bytes(), &self.file].concat()).await?,
            "/endless.png" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                loop {
                    stream.write_all(&[0; 4096]).await?;
                }
            }
            "/cut.png" => stream.write_all(&[sized.as_bytes(), &self.file[..10]].concat()).await?,
            "/moved.png" => {
                stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /file.png\r\ncontent-length: 0\r\n\r\n").await?;
            }
            "/forbidden.png" => stream.write_all(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n").await?,
            "/unauthorized.png" => stream.write_all(b"HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n").await?,
            "/odd.png" => stream.write_all(b"HTTP/1.1 415 No\r\ncontent-length: 0\r\n\r\n").await?,
            "/slow.png" => stream.write_all(b"HTTP/1.1 408 No\r\ncontent-length: 0\r\n\r\n").await?,
            "/limited.png" => stream.write_all(b"HTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n").await?,
            "/broken.png" => stream.write_all(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n").await?,
            _ => stream.write_all(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n").await?,
        }
        stream.shutdown().await
    }
}

async fn head<S: tokio::io::AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await? > 0 {}
    Ok(head)
}

#[tokio::test]
async fn attachments_come_from_discord_and_never_more_than_fits() {
    let file = saved_as(&receipt(300, 300), ImageFormat::Png);
    let size = u64::try_from(file.len()).unwrap();
    let store = FileStore::with(file.clone()).await;
    assert_eq!(store.gives("/file.png", size).await, Ok(file));
    assert_eq!(store.gives("/endless.png", size).await, Err(PictureRefused::TooLarge.into()));
    // What says the same however often it is asked must not be waited for.
    for path in ["/expired.png", "/moved.png", "/forbidden.png", "/unauthorized.png", "/odd.png"] {
        assert_eq!(store.gives(path, size).await, Err(FetchError::Gone), "{path}");
    }
    for path in ["/cut.png", "/slow.png", "/limited.png", "/broken.png"] {
        let Err(FetchError::Unreachable(says)) = store.gives(path, size).await else { panic!("{path} was fetched") };
        assert!(!says.contains("signed"), "the signed address is told: {says}");
    }
}

#[tokio::test]
async fn what_is_surely_refused_costs_no_call() {
    let (_folder, door) = door();
    let url = "https://cdn.discordapp.com/attachments/1/2/a.png";
    assert_eq!(door.fetch(url, 25 * 1024 * 1024).await, Err(PictureRefused::TooLarge.into()));
    assert_eq!(door.fetch(url, 0).await, Err(PictureRefused::Empty.into()));
    let foreign = door.fetch("https://evil.example/a.png?hm=signed", 100).await;
    assert_eq!(foreign, Err(FetchError::Foreign { host: "evil.example".to_owned() }));
}
