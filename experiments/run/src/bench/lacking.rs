//! Measurements for which there is too little memory.

use assay_core::engine::EngineError;
use assay_core::plugin::ProxyError;

/// That a measurement needs more memory than it may take, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lacking {
    /// At the least.
    needed: usize,
    /// What all measurements at once may take.
    available: usize,
    /// How many are made at once.
    calls: usize,
    /// What it needs with a batch of one image, where it has more.
    one_image: Option<usize>,
}

impl Lacking {
    /// What this error says of memory, if it does.
    pub(super) fn of(error: &ProxyError) -> Option<Self> {
        match *error {
            ProxyError::Engine(EngineError::Memory { needed_mib, available_mib, calls, one_image_mib }) => {
                Some(Self { needed: needed_mib, available: available_mib, calls, one_image: one_image_mib })
            }
            _ => None,
        }
    }

    /// Whether there is enough where nothing else is measured meanwhile.
    pub(super) fn fits_alone(&self) -> bool {
        self.needed <= self.available && self.calls > 1
    }

    /// What is said of the measurement that is called `what`, where it fits alone.
    pub(super) fn told(&self, what: &str) -> String {
        format!(
            "{what} needs {} of memory, and {} measurements at once {}, but {} are free: it is measured while nothing else is, as are \
             others that are as large",
            size(self.needed),
            self.calls,
            size(self.needed.saturating_mul(self.calls)),
            size(self.available)
        )
    }

    /// Why the score of this proxy is undefined.
    pub(super) fn reason(&self, proxy: &str) -> String {
        let with_less = match self.one_image {
            Some(one) if one <= self.available => {
                format!("; a smaller batch (proxies.{proxy}.batch) needs less, one of a single image {}", size(one))
            }
            Some(one) if one < self.needed => format!("; with a batch of one image it would need {}", size(one)),
            Some(_) => "; a smaller batch would need as much".to_owned(),
            None => "; a smaller batch or network would need less".to_owned(),
        };
        // What stands before the colon is the same for all, and reports count by it.
        format!("there is too little memory: it needs {} at the least, and {} are free{with_less}", size(self.needed), size(self.available))
    }
}

/// MiB for people.
fn size(mebibytes: usize) -> String {
    if mebibytes < 1024 { format!("{mebibytes} MiB") } else { format!("{:.1} GiB", mebibytes as f64 / 1024.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: Lacking = Lacking { needed: 9047, available: 15_627, calls: 2, one_image: Some(9001) };

    #[test]
    fn what_is_said_names_what_is_needed_what_is_there_and_what_would_fit() {
        assert!(LARGE.fits_alone());
        assert_eq!(
            LARGE.told("`vkdnw` of vit_b_16.onnx"),
            "`vkdnw` of vit_b_16.onnx needs 8.8 GiB of memory, and 2 measurements at once 17.7 GiB, but 15.3 GiB are free: it is measured \
             while nothing else is, as are others that are as large"
        );
        let alone = Lacking { available: 700, calls: 1, ..LARGE };
        assert!(!alone.fits_alone() && !Lacking { available: 9046, ..LARGE }.fits_alone());
        let reason = |one_image| Lacking { one_image, ..alone }.reason("vkdnw");
        let begin = "there is too little memory: it needs 8.8 GiB at the least, and 700 MiB are free; ";
        assert_eq!(reason(Some(650)), format!("{begin}a smaller batch (proxies.vkdnw.batch) needs less, one of a single image 650 MiB"));
        assert_eq!(reason(Some(2048)), format!("{begin}with a batch of one image it would need 2.0 GiB"));
        assert_eq!(reason(Some(9047)), format!("{begin}a smaller batch would need as much"));
        assert_eq!(reason(None), format!("{begin}a smaller batch or network would need less"));
    }

    #[test]
    fn only_a_lack_of_memory_is_one() {
        let error = EngineError::Memory { needed_mib: 9047, available_mib: 15_627, calls: 2, one_image_mib: Some(9001) };
        assert_eq!(Lacking::of(&error.into()), Some(LARGE));
        assert_eq!(Lacking::of(&EngineError::EmptyBatch.into()), None);
    }
}
