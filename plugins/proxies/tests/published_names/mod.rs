//! What published implementations of NAS-Bench-201 call the parts of its networks.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

/// In the order of the published cell's layers and of the architecture's text.
const EDGES: [&str; 6] = ["1<-0", "2<-0", "2<-1", "3<-0", "3<-1", "3<-2"];

/// `cells.0.layers.0.op.1.weight` → `cells.0.edges.1<-0.nor_conv_3x3.conv.weight`, and so on.
pub fn our_path(published: &str, arch: &str) -> String {
    let pairs = [("stem.0.", "stem.conv."), ("stem.1.", "stem.bn."), ("lastact.0.", "lastact.bn."), ("downsample.1.", "downsample.conv.")];
    let pairs = pairs.iter().chain(&[(".op.0.", ".relu."), (".op.1.", ".conv."), (".op.2.", ".bn.")]);
    let pairs = pairs.chain(&[("lastact.1.", "lastact.relu."), ("downsample.0.", "downsample.pool.")]);
    let path = pairs.fold(published.to_owned(), |path, (from, to)| path.replace(from, to));
    let Some((cell, rest)) = path.split_once(".layers.") else { return path };
    let (layer, rest) = rest.split_once('.').unwrap();
    let layer: usize = layer.parse().unwrap();
    let operators: Vec<&str> = arch.split(['|', '+']).filter(|part| !part.is_empty()).collect();
    format!("{cell}.edges.{}.{}.{rest}", EDGES[layer], operators[layer].split_once('~').unwrap().0)
}

/// `cells.0.layers.0.op.0` → `cells.0.edges.1<-0.nor_conv_3x3.relu`: a node's name for a module's.
pub fn our_node(published: &str, arch: &str) -> String {
    let path = our_path(&format!("{published}."), arch);
    let path = path.trim_end_matches('.');
    path.strip_suffix(".op").unwrap_or(path).to_owned()
}
