//! Amounts and times as text.

/// An amount in bitcoin's units: `20000001 msat = 20,000.001 sat = 0.00020000001 BTC`.
pub(super) fn amount(msat: u64) -> String {
    format!("{msat} msat = {} = {} BTC", sat(msat), fraction(msat, 11, false))
}

/// An amount in sat, with the thousands set apart: `20,000.001 sat`.
pub(super) fn sat(msat: u64) -> String {
    format!("{} sat", fraction(msat, 3, true))
}

/// A time as a date: `1722303713 = 2024-07-30 01:41:53 UTC`.
pub(super) fn time(seconds: u64) -> String {
    match date(seconds) {
        Some(date) => format!("{seconds} = {date} UTC"),
        None => format!("{seconds} = after the year 9999"),
    }
}

/// A number shifted right by this many decimal places, without zeros at its end.
fn fraction(number: u64, places: usize, grouped: bool) -> String {
    let padded = format!("{number:0width$}", width = places.saturating_add(1));
    let (whole, decimals) = padded.split_at(padded.len().saturating_sub(places));
    let whole = if grouped { group(whole) } else { whole.to_owned() };
    match decimals.trim_end_matches('0') {
        "" => whole,
        decimals => format!("{whole}.{decimals}"),
    }
}

fn group(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The date and time in UTC, up to the year 9999.
///
/// Years are counted from 1 March, so that the leap day is a year's last: 400 years have 146,097 days, and the months
/// from March on follow the pattern of 153 days in five months.
fn date(seconds: u64) -> Option<String> {
    const END_OF_9999: u64 = 253_402_300_800;
    if seconds >= END_OF_9999 {
        return None;
    }
    // Days from 1 March of the year 0; all numbers are small from here on, so that nothing saturates.
    let days = (seconds / 86_400).saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = (day_of_era / 1_460).saturating_add(day_of_era / 146_096);
    let year_of_era = day_of_era
        .saturating_add(day_of_era / 36_524)
        .saturating_sub(leap_days)
        / 365;
    let days_before = year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era / 4)
        .saturating_sub(year_of_era / 100);
    let day_of_year = day_of_era.saturating_sub(days_before);
    let march_month = day_of_year.saturating_mul(5).saturating_add(2) / 153;
    let day = day_of_year
        .saturating_sub(march_month.saturating_mul(153).saturating_add(2) / 5)
        .saturating_add(1);
    let january = u64::from(march_month >= 10);
    let month = march_month
        .saturating_add(3)
        .saturating_sub(january.saturating_mul(12));
    let year = era
        .saturating_mul(400)
        .saturating_add(year_of_era)
        .saturating_add(january);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00"),
            (68_169_599, "1972-02-28 23:59:59"),
            (68_169_600, "1972-02-29 00:00:00"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_800, "2000-03-01 00:00:00"),
            (1_722_303_713, "2024-07-30 01:41:53"),
            (1_735_689_599, "2024-12-31 23:59:59"),
            (4_107_542_400, "2100-03-01 00:00:00"),
            (253_402_300_799, "9999-12-31 23:59:59"),
        ] {
            assert_eq!(date(seconds).as_deref(), Some(text));
        }
        assert_eq!(date(253_402_300_800), None);
        assert_eq!(date(u64::MAX), None);
    }

    #[test]
    fn amounts() {
        assert_eq!(
            amount(20_000_001),
            "20000001 msat = 20,000.001 sat = 0.00020000001 BTC"
        );
        assert_eq!(amount(0), "0 msat = 0 sat = 0 BTC");
        assert_eq!(
            amount(100_000_000_000),
            "100000000000 msat = 100,000,000 sat = 1 BTC"
        );
        assert_eq!(sat(999), "0.999 sat");
    }
}
