//! When two names are the same, or look the same.

// Brings megabytes of tables, which only a server needs.
#[cfg(feature = "name-keys")]
mod making;

/// The keys of a name; an account owns all of them.
///
/// One key cannot do: `Ian` and `lan` look the same in many fonts while `ian`
/// and `Ian` are the same name in another case. Folding case first would miss
/// the first pair, folding looks first the second; and neither sees that `lAN`
/// looks like `ian` in capitals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameKeys {
    /// Equal for names that differ in case or Unicode form only. Players find
    /// their account by it, so what makes it never changes. After NFKC_Casefold
    /// (UAX #44).
    pub name: String,
    /// Equal for names that look alike: `ada` in Latin and `аdа` with Cyrillic
    /// letters, `Bill` and `Bi11`. The skeleton of UTS #39 in the order in which the
    /// letters are seen (bidiSkeleton), case-folded, without dots that nobody sees.
    pub look: String,
    /// Equal for names that look alike once written in capitals: `ADMlN` and
    /// `admin`. The look of the name in upper case.
    pub capitals: String,
}

impl NameKeys {
    /// The version of the rules behind [`look`](Self::look) and
    /// [`capitals`](Self::capitals). Raised when either changes: what a server has
    /// kept of an older version is made anew then.
    pub const RULE: u32 = 2;

    /// Whether two names may not both have an account.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.name == other.name || self.look == other.look || self.capitals == other.capitals
    }
}
