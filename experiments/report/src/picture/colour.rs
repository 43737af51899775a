//! Colours that people with any kind of colour vision can distinguish.

/// Nine steps of viridis (N. Smith and S. van der Walt, 2015): even in brightness, also in grey.
const VIRIDIS: [[u8; 3]; 9] = [
    [68, 1, 84],
    [71, 45, 123],
    [59, 82, 139],
    [44, 114, 142],
    [33, 145, 140],
    [40, 174, 128],
    [94, 201, 98],
    [173, 220, 48],
    [253, 231, 37],
];

/// The part of the ramp that is dark enough for white paper.
const RAMP_END: f64 = 0.9;
/// The part of the ramp that is bright enough for a dark screen begins here.
const DARK_BEGIN: f64 = 0.25;

/// Blue and orange, apart for every kind of colour vision.
pub(crate) const POSITIVE: &str = "#2166ac";
pub(crate) const NEGATIVE: &str = "#c2570c";

/// The colour of a value between 0 and 1.
fn ramp(value: f64) -> String {
    let place = value.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let low = (place.floor() as usize).min(VIRIDIS.len() - 2);
    let mix = |channel: usize| {
        let [from, to] = [low, low + 1].map(|step| f64::from(VIRIDIS[step][channel]));
        (from + (place - low as f64) * (to - from)).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", mix(0), mix(1), mix(2))
}

/// The colours of the levels 0 to `highest`, on white and on black.
pub(crate) fn level(level: usize, highest: usize) -> [String; 2] {
    let share = level as f64 / highest.max(1) as f64;
    [ramp(share * RAMP_END), ramp(DARK_BEGIN + share * (1.0 - DARK_BEGIN))]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn levels_differ_in_brightness_alone_and_stand_out_from_paper_and_from_the_dark() {
        for highest in [1, 6, 14] {
            for theme in [0, 1] {
                let levels: Vec<f64> = (0..=highest).map(|of| luminance(&level(of, highest)[theme])).collect();
                assert!(levels.windows(2).all(|pair| pair[1] > pair[0] + 0.003), "{levels:?}");
                let contrast = |with: f64, own: f64| (with.max(own) + 0.05) / (with.min(own) + 0.05);
                let page = [1.0, luminance("#14171c")][theme];
                assert!(levels.iter().all(|own| contrast(page, *own) > 1.35), "theme {theme}: {levels:?}");
            }
        }
    }
}
