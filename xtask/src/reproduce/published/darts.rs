//! Figures of the DARTS space, and cells as their authors' code writes them.

/// A row of a table of networks that were trained: kept as printed, with the printed number of digits.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) method: &'static str,
    /// Test error in per cent; on ImageNet top-1 / top-5.
    pub(crate) error: &'static str,
    /// Millions of parameters.
    pub(crate) params: &'static str,
    /// Of the search.
    pub(crate) gpu_days: &'static str,
    /// How it was searched.
    pub(crate) kind: &'static str,
}

const fn row(method: &'static str, error: &'static str, params: &'static str, gpu_days: &'static str, kind: &'static str) -> Row {
    Row { method, error, params, gpu_days, kind }
}

/// Where [`CIFAR10`] is from.
pub(crate) const TABLE_2: &str =
    "Table 2 of Chen, Gong & Wang, “Neural Architecture Search on ImageNet in Four GPU Hours” (ICLR 2021, arXiv 2102.11535)";

/// Test error on CIFAR-10: mean (standard deviation).
pub(crate) const CIFAR10: [Row; 14] = [
    row("AmoebaNet-A", "3.34 (0.06)", "3.2", "3150", "evolution"),
    row("PNAS (no cutout)", "3.41 (0.09)", "3.2", "225", "SMBO"),
    row("ENAS", "2.89", "4.6", "0.5", "RL"),
    row("NASNet-A", "2.65", "3.3", "2000", "RL"),
    row("DARTS (1st)", "3.00 (0.14)", "3.3", "0.4", "gradient"),
    row("DARTS (2nd)", "2.76 (0.09)", "3.3", "1.0", "gradient"),
    row("SNAS", "2.85 (0.02)", "2.8", "1.5", "gradient"),
    row("GDAS", "2.82", "2.5", "0.17", "gradient"),
    row("BayesNAS", "2.81 (0.04)", "3.4", "0.2", "gradient"),
    row("ProxylessNAS (another space)", "2.08", "5.7", "4.0", "gradient"),
    row("P-DARTS", "2.50", "3.4", "0.3", "gradient"),
    row("PC-DARTS", "2.57 (0.07)", "3.6", "0.1", "gradient"),
    row("SDARTS-ADV", "2.61 (0.02)", "3.3", "1.3", "gradient"),
    row("TE-NAS", "2.63 (0.064)", "3.8", "0.05", "training-free"),
];

/// Where [`IMAGENET`] is from.
pub(crate) const TABLE_3: &str =
    "Table 3 of Chen, Gong & Wang, “Neural Architecture Search on ImageNet in Four GPU Hours” (ICLR 2021, arXiv 2102.11535)";

/// Test error on ImageNet, mobile setting.
pub(crate) const IMAGENET: [Row; 15] = [
    row("NASNet-A", "26.0 / 8.4", "5.3", "2000", "RL"),
    row("AmoebaNet-C", "24.3 / 7.6", "6.4", "3150", "evolution"),
    row("PNAS", "25.8 / 8.1", "5.1", "225", "SMBO"),
    row("MnasNet-92", "25.2 / 8.0", "4.4", "–", "RL"),
    row("DARTS (2nd)", "26.7 / 8.7", "4.7", "4.0", "gradient"),
    row("SNAS (mild)", "27.3 / 9.2", "4.3", "1.5", "gradient"),
    row("GDAS", "26.0 / 8.5", "5.3", "0.21", "gradient"),
    row("BayesNAS", "26.5 / 8.9", "3.9", "0.2", "gradient"),
    row("P-DARTS (searched on CIFAR-10)", "24.4 / 7.4", "4.9", "0.3", "gradient"),
    row("P-DARTS (searched on CIFAR-100)", "24.7 / 7.5", "5.1", "0.3", "gradient"),
    row("PC-DARTS (searched on CIFAR-10)", "25.1 / 7.8", "5.3", "0.1", "gradient"),
    row("PC-DARTS (searched on ImageNet)", "24.2 / 7.3", "5.3", "3.8", "gradient"),
    row("ProxylessNAS (searched on ImageNet)", "24.9 / 7.5", "7.1", "8.3", "gradient"),
    row("TE-NAS (searched on CIFAR-10)", "26.2 / 8.3", "6.3", "0.05", "training-free"),
    row("TE-NAS (searched on ImageNet)", "24.5 / 7.5", "5.4", "0.17", "training-free"),
];

/// A published pair of cells.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    pub(crate) genotype: &'static str,
    /// Where it is written down.
    pub(crate) source: &'static str,
    /// Millions of parameters that its paper prints of the network for CIFAR-10, where it does.
    pub(crate) on_cifar10: Option<&'static str>,
    /// The same of the network for ImageNet.
    pub(crate) on_imagenet: Option<&'static str>,
}

pub(crate) const CELLS: [Cell; 6] = [
    Cell {
        name: "DARTS (2nd), V2",
        genotype: "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), \
            ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), \
            ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), \
            ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])",
        source: "`DARTS_V2` of the released code of Liu et al. (ICLR 2019)",
        on_cifar10: Some("3.3"),
        on_imagenet: Some("4.7"),
    },
    Cell {
        name: "PC-DARTS, on CIFAR-10",
        genotype: "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1), ('sep_conv_5x5', 0), \
            ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), ('dil_conv_3x3', 1)], normal_concat=range(2, 6), reduce=[('sep_conv_5x5', 1), \
            ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 0), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), \
            ('sep_conv_3x3', 2)], reduce_concat=range(2, 6))",
        source: "`PC_DARTS_cifar` of the released code of Xu et al. (ICLR 2020)",
        on_cifar10: Some("3.6"),
        on_imagenet: Some("5.3"),
    },
    Cell {
        name: "PC-DARTS, on ImageNet",
        genotype: "Genotype(normal=[('skip_connect', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 1), \
            ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), reduce=[('sep_conv_3x3', 0), \
            ('skip_connect', 1), ('dil_conv_5x5', 2), ('max_pool_3x3', 1), ('sep_conv_3x3', 2), ('sep_conv_3x3', 1), ('sep_conv_5x5', 0), \
            ('sep_conv_3x3', 3)], reduce_concat=range(2, 6))",
        source: "`PC_DARTS_image` of the released code of Xu et al. (ICLR 2020)",
        on_cifar10: None,
        on_imagenet: Some("5.3"),
    },
    Cell {
        name: "P-DARTS, on CIFAR-10",
        genotype: "Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), \
            ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), reduce=[('avg_pool_3x3', 0), \
            ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), ('dil_conv_3x3', 1), ('dil_conv_3x3', 1), \
            ('dil_conv_5x5', 3)], reduce_concat=range(2, 6))",
        source: "`PDARTS` of the released code of Chen et al. (ICCV 2019)",
        on_cifar10: Some("3.4"),
        on_imagenet: Some("4.9"),
    },
    Cell {
        name: "TE-NAS, on CIFAR-10",
        genotype: "Genotype(normal=[('dil_conv_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 2), ('skip_connect', 0), \
            ('dil_conv_5x5', 1), ('sep_conv_3x3', 1), ('sep_conv_5x5', 3)], normal_concat=[2, 3, 4, 5], reduce=[('sep_conv_5x5', 0), \
            ('sep_conv_5x5', 1), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_5x5', 2), \
            ('sep_conv_3x3', 4)], reduce_concat=[2, 3, 4, 5])",
        source: "the paper's figure of searched cells, and `TENAS_cifar10` of the authors' evaluation code",
        on_cifar10: Some("3.8"),
        on_imagenet: Some("6.3"),
    },
    Cell {
        name: "TE-NAS, on ImageNet",
        genotype: "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 1), ('sep_conv_3x3', 2), ('sep_conv_3x3', 0), \
            ('dil_conv_5x5', 3), ('sep_conv_3x3', 0), ('dil_conv_3x3', 4)], normal_concat=[2, 3, 4, 5], reduce=[('dil_conv_3x3', 0), \
            ('sep_conv_5x5', 1), ('dil_conv_3x3', 0), ('sep_conv_3x3', 2), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1), ('sep_conv_3x3', 0), \
            ('sep_conv_5x5', 4)], reduce_concat=[2, 3, 4, 5])",
        source: "the paper's figure of searched cells, and `TENAS_imagenet` of the authors' evaluation code",
        on_cifar10: None,
        on_imagenet: Some("5.4"),
    },
];
