//! The seven tasks of TransNAS-Bench-101, and what of their heads is built.

use assay_core::graph::GraphError;
use assay_core::plugin::SettingsError;

assay_core::words! {
    /// What the networks of TransNAS-Bench-101 were trained for.
    pub(crate) enum Task {
        /// 75 classes of objects.
        ClassObject = "class_object",
        /// 47 classes of scenes.
        ClassScene = "class_scene",
        /// Nine numbers that say how a room lies: a regression.
        RoomLayout = "room_layout",
        /// 1,000 orders of nine tiles.
        Jigsaw = "jigsaw",
        /// The image itself.
        Autoencoder = "autoencoder",
        /// The direction of each pixel's surface.
        Normal = "normal",
        /// 17 classes of pixels.
        SegmentSemantic = "segmentsemantic",
    }
}

assay_core::settings! {
    /// For what the networks are.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Heads {
        /// the benchmark's task whose head the networks have: class_object 75, class_scene 47 and room_layout 9 outputs
        pub(crate) task: Option<Task>, otherwise "as many outputs as the images have classes";
    }
}

impl Task {
    /// The outputs of its head, which is pooling and a linear layer, or why there is none.
    fn outputs(self) -> Result<usize, &'static str> {
        match self {
            Self::ClassObject => Ok(75),
            Self::ClassScene => Ok(47),
            Self::RoomLayout => Ok(9),
            Self::Jigsaw => {
                Err("its network reads nine tiles with the same weights, and a graph uses a weight once; `objective = \"jigsaw\"` \
                                 trains on tiles one by one")
            }
            Self::Autoencoder | Self::Normal | Self::SegmentSemantic => {
                Err("its network ends in transposed convolutions that put out a picture, and graphs have no such operator")
            }
        }
    }
}

impl Heads {
    /// Checks that the task has a head that can be built.
    pub(crate) fn check(self) -> Result<Self, SettingsError> {
        match self.task.map(Task::outputs) {
            Some(Err(problem)) => Err(SettingsError {
                help: Some("use class_object, class_scene or room_layout, or none: the cells are the same for every task".into()),
                ..SettingsError::new("task", problem)
            }),
            _ => Ok(self),
        }
    }

    /// The outputs of a network for images of this number of classes.
    pub(crate) fn outputs(self, classes: usize) -> Result<usize, GraphError> {
        let Some(task) = self.task else { return Ok(classes) };
        let outputs = task.outputs().map_err(|problem| GraphError::Unsupported(format!("the task {task}: {problem}")))?;
        if classes > outputs {
            return Err(GraphError::Unsupported(format!(
                "the task {task} has {outputs} outputs, and the images have {classes} classes; leave `space.task` out, or use images of \
                 at most {outputs} classes"
            )));
        }
        Ok(outputs)
    }
}
