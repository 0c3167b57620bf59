//! What is known of many values: count, sum, minimum, maximum, and how they are spread.
//!
//! For percentiles each value is counted in a bucket. A bucket's number is the exponent and the first seven bits of the
//! fraction of the value, rounded: the number itself, cut short. So what a percentile says is within 0.4 % of a value
//! that was recorded, integers below 256 are exact, no value is out of range, and summaries are merged by adding.

/// Buckets of one summary. A value that would need one more counts in the nearest there is. Values would have to spread
/// over 32 powers of two, evenly, to get there.
const BUCKETS_MAX: usize = 4096;

/// Bits of the fraction that do not count: all but seven of 52.
const CUT_BITS: u32 = 45;

/// What is known of many values.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
    /// Buckets and counts, ordered. `None` if the values are not known one by one, or some are negative.
    buckets: Option<Vec<(u32, u64)>>,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            count: 0.0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            buckets: Some(Vec::new()),
        }
    }
}

impl Summary {
    /// A summary of values that somebody else has counted. If they are all the same, percentiles are known.
    pub fn counted(count: f64, sum: f64, min: f64, max: f64) -> Self {
        let mut counted = Self { count, sum, min, max, buckets: None };
        if min == max && min >= 0.0 {
            counted.buckets = Some(vec![(bucket(min), whole(count))]);
        }
        counted
    }

    /// Adds a value, which must be finite.
    pub fn record(&mut self, value: f64) {
        self.record_often(value, 1.0);
    }

    /// Adds a value that came so often.
    pub fn record_often(&mut self, value: f64, times: f64) {
        self.count += times;
        self.sum += value * times;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if value < 0.0 {
            self.buckets = None;
        }
        if let Some(buckets) = &mut self.buckets {
            add(buckets, bucket(value), whole(times));
        }
    }

    /// Adds what another one knows.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        match (&mut self.buckets, &other.buckets) {
            (Some(mine), Some(theirs)) => {
                for (bucket, count) in theirs {
                    add(mine, *bucket, *count);
                }
            }
            _ => self.buckets = None,
        }
    }

    /// How many values.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// All of them together.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The smallest.
    pub fn min(&self) -> f64 {
        self.min
    }

    /// The largest.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The mean.
    pub fn average(&self) -> f64 {
        self.sum / self.count
    }

    /// The value that so many percent do not exceed, within 0.4 %. `None` if the values are not known one by one, or
    /// some are negative.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let buckets = self.buckets.as_ref()?;
        let total: u64 = buckets.iter().map(|(_, count)| count).sum();
        let rank = ((percent / 100.0 * total as f64).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        let (found, _) = buckets.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        })?;
        Some(value(*found).clamp(self.min, self.max))
    }

    /// As the file keeps it; without buckets if there are none.
    pub(crate) fn encoded_buckets(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut last = 0;
        for (bucket, count) in self.buckets.as_ref()? {
            put_number(&mut bytes, u64::from(bucket - last));
            put_number(&mut bytes, *count);
            last = *bucket;
        }
        Some(bytes)
    }

    /// From the file.
    pub(crate) fn decoded(
        count: f64,
        sum: f64,
        min: f64,
        max: f64,
        buckets: Option<&[u8]>,
    ) -> Self {
        Self { count, sum, min, max, buckets: buckets.and_then(decode) }
    }
}

fn bucket(value: f64) -> u32 {
    // Adding zero makes a zero of a negative zero.
    let bits = (value + 0.0).to_bits();
    (bits.saturating_add(1 << (CUT_BITS - 1)) >> CUT_BITS) as u32
}

fn value(bucket: u32) -> f64 {
    f64::from_bits(u64::from(bucket) << CUT_BITS)
}

fn whole(count: f64) -> u64 {
    (count.round() as u64).max(1)
}

fn add(buckets: &mut Vec<(u32, u64)>, bucket: u32, count: u64) {
    let place = buckets.binary_search_by_key(&bucket, |(known, _)| *known);
    let place = match place {
        Ok(place) => place,
        Err(place) if buckets.len() < BUCKETS_MAX => {
            buckets.insert(place, (bucket, count));
            return;
        }
        Err(place) => place.min(BUCKETS_MAX - 1),
    };
    if let Some((_, known)) = buckets.get_mut(place) {
        *known = known.saturating_add(count);
    }
}

/// Seven bits a byte, the lowest first; the last byte has its highest bit clear.
fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes.next()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn decode(bytes: &[u8]) -> Option<Vec<(u32, u64)>> {
    let mut bytes = bytes.iter().copied().peekable();
    let mut buckets = Vec::new();
    let mut last = 0_u32;
    while bytes.peek().is_some() {
        last = last.checked_add(u32::try_from(take_number(&mut bytes)?).ok()?)?;
        buckets.push((last, take_number(&mut bytes)?));
    }
    Some(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_survive_the_file() {
        let mut summary = Summary::default();
        for value in [0.0, 0.25, 1.0, 1.0, 7.5e9, 1e-12] {
            summary.record(value);
        }
        let bytes = summary.encoded_buckets().unwrap();
        let (count, sum, min, max) = (summary.count, summary.sum, summary.min, summary.max);
        assert_eq!(Summary::decoded(count, sum, min, max, Some(&bytes)), summary);
        assert_eq!(decode(&[0x80]), None, "a number that is cut off");
    }

    #[test]
    fn values_of_too_many_sizes_count_in_the_nearest_bucket() {
        let mut summary = Summary::default();
        let mut value = 1.0;
        for _ in 0..2 * BUCKETS_MAX {
            summary.record(value);
            value *= 1.02;
        }
        let buckets = summary.buckets.as_ref().unwrap();
        assert_eq!(buckets.len(), BUCKETS_MAX);
        let counted: u64 = buckets.iter().map(|(_, count)| count).sum();
        assert_eq!(counted, 2 * BUCKETS_MAX as u64);
    }
}
