//! What the program says to its operator: the console, and two logs in `data_dir/logs`.
//!
//! It decides what is written where, never what is worth saying: an event is logged once, where
//! it is handled. Other crates are never heard below INFO, and their spans not at all, because at
//! those levels they tell requests, addresses and tokens; who tells them at any level is not heard.

use std::{
    fmt as std_fmt, fs, io,
    io::IsTerminal as _,
    panic,
    path::{Path, PathBuf},
};

use tracing::{Event, Level, Metadata, Subscriber, level_filters::LevelFilter};
use tracing_appender::{
    non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard},
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    Layer, Registry,
    filter::FilterFn,
    fmt::{
        self, FmtContext,
        format::{Format, FormatEvent, FormatFields, Full, Writer},
    },
    layer::SubscriberExt as _,
    registry::LookupSpan,
};

use crate::{
    clock::Clock,
    config::{LogConfig, LogFormat},
    domain::Incident,
};

/// Lines that may wait for the disk. The queue takes its memory at once, and the appender's own
/// measure of 128,000 lines is 4 MB for each file.
const LINES_WAITING: usize = 4096;

/// What a day's log may have in bytes; the log of errors a quarter of it. Two weeks of full days fill
/// no disk, and no honest day comes near it.
const MOST_A_DAY: u64 = 64 << 20;

/// Ends what must be written before the process ends: keep it until then.
#[must_use = "what is logged after it is dropped is lost"]
#[derive(Debug)]
pub struct Guard {
    _general: WorkerGuard,
    _errors: WorkerGuard,
}

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The folder for logs cannot be made or written.
    #[error("the log folder {} cannot be used: {cause}; let the bot's user write there", .folder.display())]
    Folder { folder: PathBuf, cause: io::Error },
    /// Somebody in this process logs already.
    #[error("logging was set up twice in one process")]
    Twice,
}

/// Starts logging for the whole process: the console as the configuration and the place where
/// standard error goes want it, everything as JSON lines in `logs/tollkeeper.<day>.jsonl`, errors
/// alone in `logs/errors.<day>.jsonl`. Days are UTC. Panics are logged as errors.
pub fn start(log: &LogConfig, data_dir: &Path) -> Result<Guard, TelemetryError> {
    let under_journald = std::env::var_os("JOURNAL_STREAM").is_some();
    let console = Console::choose(log.format, io::stderr().is_terminal(), under_journald);
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let (subscriber, guard) = subscriber(log, &data_dir.join("logs"), console.layer(log.level, !no_color))?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Twice)?;
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let what = info.payload_as_str().unwrap_or("no message");
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(place, %backtrace, "a part of the program panicked: {what}");
    }));
    Ok(guard)
}

/// A new incident id, to be shown to a person and logged in the same breath, so that the one
/// leads to the other.
pub fn incident() -> Incident {
    // Without randomness all incidents are one; the log still has their time.
    Incident::from_random(getrandom::u64().unwrap_or(0))
}

type Layers = Vec<Box<dyn Layer<Registry> + Send + Sync>>;

fn subscriber(
    log: &LogConfig,
    folder: &Path,
    console: Box<dyn Layer<Registry> + Send + Sync>,
) -> Result<(impl Subscriber + Send + Sync + use<>, Guard), TelemetryError> {
    make_folder(folder).map_err(|cause| TelemetryError::Folder { folder: folder.to_owned(), cause })?;
    // An error that is lost because the disk is slow is the one that would have explained it.
    let (general, general_guard) = file(log, folder, "tollkeeper", true)?;
    let (errors, errors_guard) = file(log, folder, "errors", false)?;
    let general = fmt::layer().json().with_writer(general).with_filter(allowed(log.level));
    let errors = fmt::layer().json().with_writer(errors).with_filter(FilterFn::new(|metadata| {
        // Spans are let through: they carry the ids of the order and the person.
        (metadata.is_span() && is_ours(metadata)) || (*metadata.level() == Level::ERROR && !tells_too_much(metadata))
    }));
    let layers: Layers = vec![console, general.boxed(), errors.boxed()];
    let guard = Guard { _general: general_guard, _errors: errors_guard };
    Ok((tracing_subscriber::registry().with(layers), guard))
}

fn file(log: &LogConfig, folder: &Path, name: &str, lossy: bool) -> Result<(NonBlocking, WorkerGuard), TelemetryError> {
    let days = usize::try_from(log.retention_days.get()).unwrap_or(usize::MAX);
    let grown = written_today(folder, name);
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(name)
        .filename_suffix("jsonl")
        .max_log_files(days)
        .build(folder)
        .map_err(|error| TelemetryError::Folder { folder: folder.to_owned(), cause: io::Error::other(error) })?;
    let most = if lossy { MOST_A_DAY } else { MOST_A_DAY / 4 };
    let capped = Capped::new(appender, most, today(), grown);
    Ok(NonBlockingBuilder::default().buffered_lines_limit(LINES_WAITING).lossy(lossy).finish(capped))
}

/// A file a day that ends at a size: the rest of that day is left out, and the last line says so.
struct Capped<W> {
    inner: W,
    most: u64,
    day: i64,
    written: u64,
    is_told: bool,
}

impl<W: io::Write> Capped<W> {
    fn new(inner: W, most: u64, day: i64, written: u64) -> Self {
        Self { inner, most, day, written, is_told: false }
    }

    fn write_on(&mut self, day: i64, line: &[u8]) -> io::Result<usize> {
        if day != self.day {
            (self.day, self.written, self.is_told) = (day, 0, false);
        }
        let length = line.len() as u64;
        if self.written.saturating_add(length) <= self.most {
            self.written += length;
            self.inner.write_all(line)?;
        } else if !self.is_told {
            self.is_told = true;
            self.inner.write_all(FULL.as_bytes())?;
        }
        Ok(line.len())
    }
}

/// The last line of a day's log that has its size.
const FULL: &str =
    "{\"level\":\"WARN\",\"fields\":{\"message\":\"this day's log is full; what follows today is left out\"}}\n";

impl<W: io::Write> io::Write for Capped<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_on(today(), line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The day in UTC, counted as the names of the files are.
fn today() -> i64 {
    Clock::system().now().0.div_euclid(24 * 60 * 60 * 1000)
}

/// How much of a log's newest file was written today, before this start.
fn written_today(folder: &Path, name: &str) -> u64 {
    let date = chrono::DateTime::from_timestamp(today().saturating_mul(24 * 60 * 60), 0).unwrap_or_default();
    let file = folder.join(format!("{name}.{}.jsonl", date.format("%Y-%m-%d")));
    fs::metadata(file).map_or(0, |found| found.len())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// What may be written at all: ours down to `level`, others' events down to INFO at most.
fn allowed(level: Level) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let others = level.min(Level::INFO);
    let allowed = move |metadata: &Metadata<'_>| {
        if is_ours(metadata) {
            *metadata.level() <= level
        } else {
            metadata.is_event() && *metadata.level() <= others && !tells_too_much(metadata)
        }
    };
    FilterFn::new(allowed).with_max_level_hint(LevelFilter::from_level(level))
}

/// Where serenity 0.12 writes down whole addresses and whole frames, with the tokens of interactions
/// and what people typed: an answer with an unexpected status, an event that it does not understand.
/// Of the event its shard says without them that it was not understood.
const TELLS_TOO_MUCH: [&str; 2] = ["serenity::http::client", "serenity::gateway::ws"];

fn tells_too_much(metadata: &Metadata<'_>) -> bool {
    TELLS_TOO_MUCH.contains(&metadata.target())
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let krate = target.split_once("::").map_or(target, |(krate, _)| krate);
    krate == env!("CARGO_CRATE_NAME")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Console {
    Human { terminal: bool },
    Journald,
    Plain,
    Json,
}

impl Console {
    fn choose(format: LogFormat, terminal: bool, under_journald: bool) -> Self {
        match format {
            // A terminal started by the desktop inherits its JOURNAL_STREAM: the terminal decides.
            LogFormat::Auto | LogFormat::Plain if under_journald && !terminal => Self::Journald,
            LogFormat::Auto | LogFormat::Human => Self::Human { terminal },
            LogFormat::Plain => Self::Plain,
            LogFormat::Json => Self::Json,
        }
    }

    fn layer(self, level: Level, color: bool) -> Box<dyn Layer<Registry> + Send + Sync> {
        let layer = fmt::layer().with_writer(io::stderr);
        match self {
            Self::Human { terminal } => {
                layer.with_ansi(terminal && color).with_target(false).with_filter(allowed(level)).boxed()
            }
            Self::Plain => layer.with_ansi(false).without_time().with_target(false).with_filter(allowed(level)).boxed(),
            Self::Journald => {
                layer.with_ansi(false).event_format(Journald::default()).with_filter(allowed(level)).boxed()
            }
            Self::Json => layer.json().with_filter(allowed(level)).boxed(),
        }
    }
}

/// Lines for journald: it adds the time itself and reads the level from a prefix
/// (sd-daemon(3), `SD_ERR` and its kin), so that `journalctl -p err` finds the errors.
struct Journald(Format<Full, ()>);

impl Default for Journald {
    fn default() -> Self {
        Self(Format::default().without_time().with_level(false).with_target(false).with_ansi(false))
    }
}

impl<S, N> FormatEvent<S, N> for Journald
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std_fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        write!(writer, "<{priority}>")?;
        self.0.format_event(context, writer, event)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        num::NonZeroU32,
        sync::{Arc, Mutex},
    };

    use super::*;

    const LOG: LogConfig = LogConfig { level: Level::TRACE, format: LogFormat::Auto, retention_days: NonZeroU32::MIN };

    /// Logs a little of everything and returns the general and the error log.
    fn logs(console: Box<dyn Layer<Registry> + Send + Sync>, level: Level) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let (subscriber, guard) =
            subscriber(&LogConfig { level, ..LOG }, &folder.path().join("logs"), console).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let _foreign = tracing::info_span!(target: "serenity::http", "request", token = "canary").entered();
            let _ours = tracing::info_span!("approval", order.id = "8QJ4N0ZK2M").entered();
            tracing::trace!("our smallest step");
            tracing::info!(user.id = 7, "an order was made");
            tracing::error!("the panel is down");
            tracing::debug!(target: "hyper::client", "canary");
            tracing::debug!(target: "tollkeeper_impostor", "canary");
            tracing::warn!(target: "serenity::http::client", "canary in an address");
            tracing::error!(target: "serenity::gateway::ws", "canary in a frame");
            tracing::info!(target: "sqlx::pool", "a foreign fact");
        });
        drop(guard);
        let read = |name: &str| {
            let entries = fs::read_dir(folder.path().join("logs")).unwrap();
            let paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
            let named = |path: &&PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(name);
            fs::read_to_string(paths.iter().find(named).unwrap()).unwrap()
        };
        (read("tollkeeper."), read("errors."))
    }

    fn nowhere() -> Box<dyn Layer<Registry> + Send + Sync> {
        fmt::layer().with_writer(io::sink).boxed()
    }

    #[test]
    fn other_crates_are_not_heard_below_info_and_their_spans_never() {
        let (general, errors) = logs(nowhere(), Level::TRACE);
        assert!(!general.contains("canary") && !errors.contains("canary"), "{general}");
        for said in ["our smallest step", "an order was made", "the panel is down", "a foreign fact", "8QJ4N0ZK2M"] {
            assert!(general.contains(said), "not logged: {said}\n{general}");
        }
        let (general, _) = logs(nowhere(), Level::WARN);
        assert!(general.contains("the panel is down") && !general.contains("fact") && !general.contains("made"));
    }

    #[test]
    fn the_error_log_has_errors_alone_with_their_ids() {
        let (_, errors) = logs(nowhere(), Level::TRACE);
        let lines: Vec<serde_json::Value> = errors.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["fields"]["message"], "the panel is down");
        assert_eq!(lines[0]["span"]["order.id"], "8QJ4N0ZK2M");
    }

    #[test]
    fn journald_gets_priorities_and_no_time() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&said);
        let layer = fmt::layer()
            .with_ansi(false)
            .event_format(Journald::default())
            .with_writer(move || Buffer(Arc::clone(&writer)))
            .with_filter(allowed(Level::INFO));
        logs(layer.boxed(), Level::INFO);
        let said = String::from_utf8(said.lock().unwrap().clone()).unwrap();
        insta::assert_snapshot!(said, @r#"
        <6>approval{order.id="8QJ4N0ZK2M"}: an order was made user.id=7
        <3>approval{order.id="8QJ4N0ZK2M"}: the panel is down
        <6>approval{order.id="8QJ4N0ZK2M"}: a foreign fact
        "#);
    }

    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_console_follows_where_it_is_read() {
        let choose = Console::choose;
        assert_eq!(choose(LogFormat::Auto, true, true), Console::Human { terminal: true });
        assert_eq!(choose(LogFormat::Auto, false, true), Console::Journald);
        assert_eq!(choose(LogFormat::Auto, false, false), Console::Human { terminal: false });
        assert_eq!(choose(LogFormat::Plain, true, false), Console::Plain);
        assert_eq!(choose(LogFormat::Json, true, true), Console::Json);
    }

    #[test]
    fn each_log_has_a_file_a_day_and_old_days_go() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        fs::create_dir(&logs).unwrap();
        for day in 1..=9 {
            for name in ["tollkeeper", "errors"] {
                fs::write(logs.join(format!("{name}.2026-01-0{day}.jsonl")), "").unwrap();
            }
        }
        fs::write(logs.join("notes.txt"), "").unwrap();
        let kept = LogConfig { retention_days: NonZeroU32::new(4).unwrap(), ..LOG };
        let (_, guard) = subscriber(&kept, &logs, nowhere()).unwrap();
        drop(guard);
        let names: Vec<_> =
            fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        for name in ["tollkeeper.", "errors."] {
            let mut days: Vec<_> = names.iter().filter_map(|it| it.strip_prefix(name)).collect();
            days.sort_unstable();
            assert_eq!(days.len(), 4, "{names:?}");
            let (old, today) = (days[0], days[3]);
            assert!(today.len() == old.len() && today > "2026-01-09", "a file of today: {today}");
        }
        assert!(names.contains(&"notes.txt".to_owned()));
    }

    #[test]
    fn a_days_log_ends_at_a_size_and_says_so() {
        let mut capped = Capped::new(Vec::new(), 100, 1, 60);
        for _ in 0..1_000 {
            capped.write_on(1, b"0123456789012345678\n").unwrap();
        }
        capped.write_on(2, b"the next day\n").unwrap();
        let text = String::from_utf8(capped.inner).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((lines.len(), lines[3]), (4, "the next day"), "{text}");
        let told: serde_json::Value = serde_json::from_str(lines[2]).unwrap();
        assert_eq!(told["fields"]["message"], "this day's log is full; what follows today is left out");
        let folder = tempfile::tempdir().unwrap();
        let (_, guard) = subscriber(&LOG, &folder.path().join("logs"), nowhere()).unwrap();
        drop(guard);
        let file = fs::read_dir(folder.path().join("logs")).unwrap().next().unwrap().unwrap().path();
        fs::write(&file, "12345").unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(written_today(&folder.path().join("logs"), name.split('.').next().unwrap()), 5);
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("logs");
        fs::write(&file, "").unwrap();
        let Err(error) = subscriber(&LOG, &file, nowhere()).map(|_| ()) else { panic!("a file was used as a folder") };
        assert!(error.to_string().starts_with(&format!("the log folder {}", file.display())), "{error}");
    }
}
