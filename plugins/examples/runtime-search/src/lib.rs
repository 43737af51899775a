//! A search space and a strategy in a shared library.

mod best_of;
mod layer_chain;

use assay_plugin_sdk::export;

use best_of::BestOf;
use layer_chain::LayerChain;

export! { spaces: [LayerChain], strategies: [BestOf] }
