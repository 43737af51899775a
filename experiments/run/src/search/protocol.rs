//! The protocol line of a search: everything that two results must share to be compared.

use assay_core::number::grouped;
use assay_core::plugin::{SearchStrategy, Step};
use assay_core::subspace::Subspace;

use crate::bench::stored::Stored;
use crate::bench::workbench::Workbench;

/// One line: space and count after exclusion, images, proxies, strategy, seed, engine.
pub(super) fn of_search(
    workbench: &Workbench,
    stored: Option<&Stored>,
    space: &str,
    strategy: &dyn SearchStrategy,
    steps: &[Step],
) -> String {
    let whole = Subspace::whole(workbench.space.layout()).single_paths();
    let searched = steps.first().map_or(whole, |step| step.before.single_paths());
    let count = if searched < whole && searched > 1 {
        format!("{} of {} architectures", grouped(searched), grouped(whole))
    } else {
        format!("{} architectures", grouped(whole))
    };
    let measured = stored.map_or_else(
        || workbench.protocol(),
        // The seed is that of the strategy's own draws.
        |stored| format!("{}; seed {}; no image was read", workbench.protocol_of(stored), workbench.seed),
    );
    format!("space {space} ({count}); strategy {}; {measured}", strategy.protocol())
}
