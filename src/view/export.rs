//! A period's orders, and a part of the audit log, as tables for spreadsheets: RFC 4180 with a
//! byte order mark (without it Excel reads UTF-8 as something else), in the shop's time.
//!
//! A cell that people wrote never becomes a formula: one that a spreadsheet might read as such
//! gets an apostrophe before it (OWASP, "CSV Injection").

use chrono::TimeZone as _;
use chrono_tz::Tz;

use crate::domain::{
    Millis, Money, UserId,
    books::{ExportedOrder, ExportedTotal},
    shop::BYTES_PER_GB,
};

use super::admin_lists::AuditFacts;

/// Makes spreadsheets read the rest as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The columns of [`orders`]. Scripts read them: they are only ever added to, at the end.
const ORDERS: [&str; 19] = [
    "order_id",
    "created",
    "submitted",
    "approved",
    "customer_id",
    "customer_name",
    "plan",
    "days",
    "gb",
    "list_price",
    "received",
    "currency",
    "method",
    "reference",
    "status",
    "reviewer",
    "reason",
    "client_email",
    "source",
];

/// The columns of [`totals`].
const TOTALS: [&str; 6] = ["source", "method", "reviewer", "events", "amount", "currency"];

/// The columns of [`audit`].
const AUDIT: [&str; 6] = ["entry", "at", "actor_id", "action", "target", "details"];

/// A part of the audit log as a file. What the bot did by itself has no actor.
pub fn audit(lines: &[AuditFacts<'_>], zone: Tz) -> Result<Vec<u8>, csv::Error> {
    csv(
        &AUDIT,
        lines.iter().map(|line| {
            vec![
                Cell::Ours(line.id.to_string()),
                Cell::moment(Some(line.at), zone),
                Cell::person(Some(line.actor)),
                Cell::text(Some(line.action)),
                Cell::text(Some(line.target)),
                Cell::text(Some(line.payload)),
            ]
        }),
    )
}

/// The orders of a period as a file. `source` tells what staff entered by hand from sales.
pub fn orders(orders: &[ExportedOrder], zone: Tz) -> Result<Vec<u8>, csv::Error> {
    let ours = |text: &dyn ToString| Cell::Ours(text.to_string());
    csv(
        &ORDERS,
        orders.iter().map(|order| {
            vec![
                ours(&order.id),
                Cell::moment(Some(order.created), zone),
                Cell::moment(order.submitted, zone),
                Cell::moment(order.approved, zone),
                Cell::person(Some(order.customer)),
                Cell::text(Some(&order.customer_name)),
                Cell::text(Some(&order.plan)),
                ours(&order.days),
                Cell::Ours(gigabytes(order.bytes)),
                Cell::amount(Some(order.price)),
                Cell::amount(order.received),
                ours(&order.price.currency.code()),
                Cell::text(order.method.as_ref()),
                Cell::text(order.reference.as_ref()),
                ours(&order.status),
                Cell::person(order.reviewer),
                Cell::text(order.reason.as_ref()),
                Cell::text(order.email.as_ref()),
                ours(&order.source),
            ]
        }),
    )
}

/// The money of a period by source, method and reviewer as a file.
pub fn totals(totals: &[ExportedTotal]) -> Result<Vec<u8>, csv::Error> {
    csv(
        &TOTALS,
        totals.iter().map(|total| {
            vec![
                Cell::Ours(total.source.clone()),
                Cell::text(Some(&total.method)),
                Cell::person(Some(total.reviewer)),
                Cell::Ours(total.events.to_string()),
                Cell::amount(Some(total.amount)),
                Cell::Ours(total.amount.currency.code().to_owned()),
            ]
        }),
    )
}

/// As the panels count them; 0 = unlimited.
fn gigabytes(bytes: u64) -> String {
    if bytes.is_multiple_of(BYTES_PER_GB) {
        return (bytes / BYTES_PER_GB).to_string();
    }
    let hundredths = u128::from(bytes) * 100 / u128::from(BYTES_PER_GB);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A cell of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    /// What we wrote: a state, an id, a number. Never begins a formula that is not meant.
    Ours(String),
    Empty,
}

impl Cell {
    /// What people wrote, or nothing.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.into()))
    }

    /// A moment in the shop's time, as spreadsheets understand it; or nothing.
    pub fn moment(at: Option<Millis>, zone: Tz) -> Self {
        let Some(at) = at else { return Self::Empty };
        let utc = chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default();
        Self::Ours(zone.from_utc_datetime(&utc.naive_utc()).format("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// An amount without its currency, so that it can be added up; or nothing.
    pub fn amount(amount: Option<Money>) -> Self {
        amount.map_or(Self::Empty, |amount| Self::Ours(amount.digits()))
    }

    /// A person's id; nothing for the bot itself.
    pub fn person(id: Option<UserId>) -> Self {
        id.filter(|id| id.0 != 0).map_or(Self::Empty, |id| Self::Ours(id.to_string()))
    }

    fn written(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Ours(text) => text.clone(),
            Self::Text(text) => neutral(text),
        }
    }
}

/// A table as a file. Every row has as many cells as the head.
pub fn csv(head: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Vec<u8>, csv::Error> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(head)?;
    for row in rows {
        writer.write_record(row.iter().map(Cell::written))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// Programs split what they read at other characters than we do where their language writes
/// decimals with a comma, and then a quotation mark protects nothing: what would begin a formula in a
/// cell of theirs is neutralised as well.
fn neutral(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut begins = true;
    for (at, c) in text.char_indices() {
        if begins && (is_formula(&text[at..]) || at == 0 && is_break(c)) {
            safe.push('\'');
        }
        safe.push(c);
        begins = is_break(c) || c == ';';
    }
    safe
}

fn is_break(c: char) -> bool {
    matches!(c, '\t' | '\r' | '\n')
}

/// Also after blanks and quotation marks, which some programs skip, and in the wide forms that some understand.
fn is_formula(text: &str) -> bool {
    let first = text.trim_start_matches([' ', '\u{a0}', '"']).chars().next();
    matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;
    use proptest::prelude::*;

    #[test]
    fn a_table_is_what_rfc_4180_says() {
        let egp = Currency::parse("EGP").unwrap();
        let row = vec![
            Cell::text(Some("He said \"so\", and\nleft")),
            Cell::moment(Some(Millis(1_800_000_000_000)), chrono_tz::Africa::Cairo),
            Cell::amount(Some(Money::new(-10_050, egp))),
            Cell::person(Some(UserId(0))),
        ];
        let bytes = csv(&["name", "created", "received", "reviewer"], [row]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "\u{feff}name,created,received,reviewer\r\n\"He said \"\"so\"\", and\nleft\",2027-01-15 10:00:00,-100.50,\r\n"
        );
    }

    #[test]
    fn what_people_write_is_no_formula() {
        for evil in ["=HYPERLINK(\"http://x\")", "+1", "-1+1", "@SUM(A1)", "\tx", "\rx", " =1", "＝1", "\"=1"] {
            assert_eq!(Cell::text(Some(evil)).written(), format!("'{evil}"));
        }
        for (evil, safe) in [
            ("\t=1", "'\t'=1"),
            ("Mona;=1+1", "Mona;'=1+1"),
            ("Mona\t@SUM(A1)", "Mona\t'@SUM(A1)"),
            ("a\r\n-1;x; +1", "a\r\n'-1;x;' +1"),
            ("a \";\"=1", "a \";'\"=1"),
        ] {
            assert_eq!(Cell::text(Some(evil)).written(), safe);
        }
        for good in ["Mona", "7 = 7", "a;b", "a, -1", "منى", "", "'=1"] {
            assert_eq!(Cell::text(Some(good)).written(), good);
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_again(cells in prop::collection::vec("\\PC*|[\"\r\n,;']{0,5}", 3)) {
            let row = cells.iter().map(|cell| Cell::Ours(cell.clone())).collect();
            let bytes = csv(&["a", "b", "c"], [row]).unwrap();
            let mut reader = csv::Reader::from_reader(bytes.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap());
            let read = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(read.iter().collect::<Vec<_>>(), cells);
        }
    }
}
