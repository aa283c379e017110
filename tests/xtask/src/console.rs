//! What every command prints alike.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Starts a part of the output, and says how long after the first one.
pub fn heading(text: &str) {
    println!("\n== {text} (after {})", human(START.elapsed()));
}

/// `duration` for people: `4.2 s`, `3 min 07 s`.
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    // Rounded first: 59.96 s would read `60.0 s`.
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let seconds = seconds.round() as u64;
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well_on_both_sides_of_a_minute() {
        let human = |milliseconds| human(Duration::from_millis(milliseconds));
        assert_eq!(human(0), "0.0 s");
        assert_eq!(human(4_249), "4.2 s");
        assert_eq!(human(59_940), "59.9 s");
        assert_eq!(human(59_960), "1 min 00 s");
        assert_eq!(human(187_400), "3 min 07 s");
        assert_eq!(human(3_600_000), "60 min 00 s");
    }
}
