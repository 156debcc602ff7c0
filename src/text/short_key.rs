//! A few bytes as a key that is compared and hashed in a few instructions.

use std::hash::{Hash, Hasher};

/// At most 24 bytes as three words: a map of these needs no call to compare or hash a name. Nearly all names and ids
/// are that short.
/// The default one is of no bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShortKey([u64; 3]);

impl ShortKey {
    /// The key of `bytes`; `None` if there are more than 24, and where the last one is zero, which fills up the words.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if matches!(bytes.last(), None | Some(0)) {
            return None;
        }
        let (words, rest) = bytes.as_chunks::<8>();
        let tail = match bytes.last_chunk::<8>() {
            _ if rest.is_empty() => 0,
            Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
            None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        match words {
            [] => Some(Self([tail, 0, 0])),
            [a] => Some(Self([word(a), tail, 0])),
            [a, b] => Some(Self([word(a), word(b), tail])),
            [a, b, c] if rest.is_empty() => Some(Self([word(a), word(b), word(c)])),
            _ => None,
        }
    }
}

impl Hash for ShortKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Names differ in a few bytes somewhere. The full product of two words spreads these over all bits; a simple
        // hasher alone would not.
        const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
        let [a, b, c] = self.0;
        let product = u128::from(a ^ c.rotate_left(29) ^ ODD[0]) * u128::from(b ^ ODD[1]);
        #[expect(clippy::cast_possible_truncation, reason = "the low half")]
        state.write_u64(product as u64 ^ (product >> 64) as u64);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_are_equal_where_the_bytes_are(
            a in prop::collection::vec(prop_oneof![Just(0), Just(b'a'), any::<u8>()], 0..28),
            b in prop::collection::vec(prop_oneof![Just(0), Just(b'a'), any::<u8>()], 0..28),
            cut in 0_usize..28,
        ) {
            for (a, b) in [(&a, &b), (&a, &a[..cut.min(a.len())].to_vec())] {
                if let (Some(x), Some(y)) = (ShortKey::of(a), ShortKey::of(b)) {
                    prop_assert_eq!(x == y, a == b);
                }
            }
            prop_assert_eq!(ShortKey::of(&a).is_some(), (1..=24).contains(&a.len()) && a.last() != Some(&0));
        }
    }
}
